"""The operator's settings of guarded runs: the section `[respond]` of the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.step_kinds.forms import ConfiguredName, Url

Pattern = Annotated[str, Meta(min_length=1, max_length=300)]
# The names of tokens and of groups, as playbooks write them among their approvers.
Who = Annotated[str, Meta(min_length=1, max_length=300)]


class RunSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret behind a name in a playbook.

    `env` is the environment variable that holds it. `use`: `sign` makes Standard Webhooks signatures (the value is
    `whsec_` and base 64), `bearer` and `basic` (`user:password`) make the header Authorization. Only `hosts` may
    receive it.
    """

    env: Annotated[str, Meta(min_length=1)]
    use: Literal["sign", "bearer", "basic"]
    hosts: Annotated[list[str], Meta(min_length=1)]


class SystemConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A system that steps of playbooks act on or read from, by the name that playbooks use.

    `kind` is the kind of system, and `options` are its own. `secret` names one of `respond.secrets`, which must be for
    the host of `url`. `ca_file` (PEM) replaces the trust in the certificates of this machine.
    """

    kind: str
    url: Url
    secret: ConfiguredName | None = None
    ca_file: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


class RespondConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Guarded runs of playbooks.

    Nothing runs before a person raised the ceiling and released the kill switch.
    """

    # Off: no plans are made, and the audit trail is not opened.
    enabled: bool = True
    # No playbook may do more than this: `suggest` shows, `approve` runs after a person's approval.
    ceiling: Literal["suggest", "approve"] = "suggest"
    # The directory of the audit trail (`audit.jsonl`); empty: `runs` in the state directory.
    directory: str = ""
    # Targets (shell patterns) that runs may touch, and those that they never may.
    allow: list[Pattern] = field(default_factory=lambda: ["*"])
    protect: list[Pattern] = field(default_factory=list)
    # Groups that playbooks name as approvers (`team:platform`), with the names of the tokens of their members.
    groups: dict[Who, list[Who]] = field(default_factory=dict)
    # Permits plain http and addresses of private networks, where most remediation systems live.
    allow_private: bool = False
    secrets: dict[str, RunSecret] = field(default_factory=dict)
    # Systems that steps act on or read from. Without its system a playbook stays a suggestion.
    systems: dict[ConfiguredName, SystemConfig] = field(default_factory=dict)
