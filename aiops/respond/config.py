"""The operator's settings of guarded runs: the section `[respond]` of the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.durations import Duration
from aiops.respond.secret_hosts import split_host
from aiops.step_kinds.forms import ConfiguredName

# Of HTTP, or of a kind of database; each kind checks its own.
SystemUrl = Annotated[str, Meta(pattern=r"^[a-z]{1,16}://[^\s{}?#]+$(?!\n)", max_length=500)]
Pattern = Annotated[str, Meta(min_length=1, max_length=300)]
# The names of tokens and of groups, as playbooks write them among their approvers.
Who = Annotated[str, Meta(min_length=1, max_length=300)]


class RunSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret behind a name in a playbook.

    `env` is the environment variable that holds it, or `file` the file, which is read again for each request: the token
    of a Kubernetes service account is replaced every hour. `use`: `sign` makes Standard Webhooks signatures (the value
    is `whsec_` and base 64), `bearer` and `basic` (`user:password`) make the header Authorization, `header`
    sends the value in the header `header`, and `aws` signs requests to AWS in `region` (the value is
    `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, for temporary keys with `:SESSION_TOKEN`). Only `hosts` may receive it,
    each at the port that it names (`awx.example:8443`), by default that of the scheme.
    """

    use: Literal["sign", "bearer", "basic", "header", "aws"]
    hosts: Annotated[list[str], Meta(min_length=1)]
    env: str = ""
    file: str = ""
    header: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$(?!\n)")] = "authorization"
    region: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,40}$(?!\n)")] = ""

    def __post_init__(self) -> None:
        """Raise `ValueError` unless there is one place to read it from."""
        if bool(self.env) == bool(self.file):
            raise ValueError("expected one of `env` and `file`")
        if self.use == "aws" and not self.region:
            raise ValueError("region: expected the AWS region, such as eu-west-1")
        if self.file and self.use == "sign":
            raise ValueError("expected `env` for a key that signs")
        for host in self.hosts:
            split_host(host)


class SystemConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A system that steps of playbooks act on or read from, by the name that playbooks use.

    `kind` is the kind of system, and `options` are its own. `secret` names one of `respond.secrets`, which must be for
    the host of `url`. `ca_file` (PEM) replaces the trust in the certificates of this machine. `entities` are shell
    patterns of the entities that the system is, for collectors that name one.
    """

    kind: str
    url: SystemUrl | None = None
    secret: ConfiguredName | None = None
    ca_file: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    entities: Annotated[list[Pattern], Meta(max_length=1_000)] = field(default_factory=list)


class AutoConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Runs that start without a person; `respond.ceiling` must be `auto` for any."""

    # Playbooks of mode auto that may; a recorded promotion or demotion counts for more.
    playbooks: list[str] = field(default_factory=list)
    # Playbooks of which only what would have run is recorded.
    shadow: list[str] = field(default_factory=list)
    # Playbooks whose rollback undoes their steps by the operator's word, where the kind of a step cannot know that.
    reversible: list[str] = field(default_factory=list)
    # A playbook needs so many judged runs, and the lower bound of its rate of verified ones (Wilson, 95 %). All of the
    # first 20 must have been verified, or 24 of 25, or 43 of 47.
    min_verified_runs: Annotated[int, Meta(ge=1, le=10_000)] = 20
    min_success: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.8
    # The least share of decisions like the present one that were right, or of incidents in which a first suspect like
    # the present one was the cause, as measured here.
    min_certainty: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.9
    # The oldest condition that it responds to: later, people know of it, and what fires may be what they left.
    max_age: Duration = "1h"
    # It worked, and the condition returned, so many times in a row, each within the hour: a person must look.
    max_recurrences: Annotated[int, Meta(ge=1, le=100)] = 2


class StormConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits beyond which so much is wrong that nothing should run."""

    # The share of the known entities that may alert. Cluster API's example of `maxUnhealthy` is 40 % as well.
    max_percent: Annotated[float, Meta(gt=0.0, le=100.0)] = 40.0
    # After a storm states lag behind: nothing runs for so long (`stormCooldownDuration` of medik8s).
    cooldown: Duration = "10m"


class RespondConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Guarded runs of playbooks.

    Nothing runs before a person raised the ceiling and released the kill switch.
    """

    # Off: no plans are made, and the audit trail is not opened.
    enabled: bool = True
    # No playbook may do more than this: `suggest` shows, `approve` runs after a person's approval, `auto` without one.
    ceiling: Literal["suggest", "approve", "auto"] = "suggest"
    # `shadow` sends nothing: what would have run is recorded.
    mode: Literal["live", "shadow"] = "live"
    auto: AutoConfig = field(default_factory=AutoConfig)
    storm: StormConfig = field(default_factory=StormConfig)
    # The directory of the audit trail (`audit.jsonl`); empty: `runs` in the state directory.
    directory: str = ""
    # Targets (shell patterns) that runs may touch, and those that they never may.
    allow: list[Pattern] = field(default_factory=lambda: ["*"])
    protect: list[Pattern] = field(default_factory=list)
    # Targets that Argo CD or Flux manages, which would undo a change: `refuse` refuses them; `warn` lets people approve
    # the run, and shows them what will happen. Without a person such a run is always refused.
    gitops: Literal["refuse", "warn"] = "refuse"
    # Groups that playbooks name as approvers (`team:platform`), with the names of the tokens of their members.
    groups: dict[Who, list[Who]] = field(default_factory=dict)
    # Permits plain http and addresses of private networks, where most remediation systems live.
    allow_private: bool = False
    secrets: dict[str, RunSecret] = field(default_factory=dict)
    # Programs of this host that steps of kind `exec` may run, by absolute path; none: the kind is off.
    exec: list[Annotated[str, Meta(pattern=r"^/[^\x00-\x1f]{1,500}$(?!\n)")]] = field(default_factory=list)
    # Systems that steps act on or read from. Without its system a playbook stays a suggestion.
    systems: dict[ConfiguredName, SystemConfig] = field(default_factory=dict)
    # Look at other systems when an incident opens, where a suggested playbook has collectors. It changes nothing.
    collect: bool = True
    # Reads within a minute, over all incidents, and for one incident.
    collect_per_minute: Annotated[int, Meta(ge=1, le=1_000)] = 60
    collect_per_incident: Annotated[int, Meta(ge=1, le=50)] = 10
