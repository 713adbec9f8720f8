"""What an operator sets of guarded runs: the section `[respond]` of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Pattern = Annotated[str, Meta(min_length=1, max_length=300)]
# Names of tokens and of groups, as playbooks write them among their approvers.
Who = Annotated[str, Meta(min_length=1, max_length=300)]


class RunSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """What a secret's name in a playbook stands for.

    `env` is the environment variable that holds it. `use`: `sign` makes Standard Webhooks signatures (the value is
    `whsec_` and base 64), `bearer` and `basic` (`user:password`) make the header Authorization. `hosts` may get it.
    """

    env: Annotated[str, Meta(min_length=1)]
    use: Literal["sign", "bearer", "basic"]
    hosts: Annotated[list[str], Meta(min_length=1)]


class RespondConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Guarded runs of playbooks. Nothing runs before a person raised the ceiling and released the kill switch."""

    # Off: nothing is planned, and the audit trail is not opened.
    enabled: bool = True
    # Whatever a playbook says, it may do no more than this: `suggest` shows, `approve` runs what a person approved.
    ceiling: Literal["suggest", "approve"] = "suggest"
    # Where the audit trail (`audit.jsonl`) is kept; empty: `runs` in the state directory.
    directory: str = ""
    # Targets (shell patterns) that runs may touch, and those that they never may.
    allow: list[Pattern] = field(default_factory=lambda: ["*"])
    protect: list[Pattern] = field(default_factory=list)
    # Groups that playbooks name as approvers (`team:platform`), with the names of the tokens of their members.
    groups: dict[Who, list[Who]] = field(default_factory=dict)
    # Steps may go to plain http and to addresses of private networks, where most of what remediates lives.
    allow_private: bool = False
    secrets: dict[str, RunSecret] = field(default_factory=dict)
