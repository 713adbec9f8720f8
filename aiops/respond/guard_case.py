"""The input of the guards: the operator's policy, the host's knowledge, and the case to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from aiops.respond.calls import StepState, Systems
from aiops.respond.config import AutoConfig, RespondConfig, StormConfig
from aiops.respond.format import Playbook
from aiops.respond.history import By, History, Mode, Run
from aiops.respond.matching import Fit
from aiops.respond.parameters import Values
from aiops.respond.situation import Situation

MODES: tuple[Mode, ...] = ("suggest", "approve", "auto")


class Policy(Struct):
    """The limits set by the operator of the engine; no playbook exceeds them."""

    ceiling: Mode = "suggest"
    allow: list[str] = field(default_factory=lambda: ["*"])
    protect: list[str] = field(default_factory=list)
    mode: Literal["live", "shadow"] = "live"
    auto: AutoConfig = field(default_factory=AutoConfig)
    storm: StormConfig = field(default_factory=StormConfig)
    gitops: Literal["refuse", "warn"] = "refuse"

    @classmethod
    def of(cls, config: RespondConfig) -> Policy:
        """Return the policy of a configuration."""
        return cls(config.ceiling, config.allow, config.protect, config.mode, config.auto, config.storm, config.gitops)


class Certainty(Struct):
    """The measured certainty that the suspected cause is the cause.

    `bound` (0 to 1) is the least share of incidents of this site in which a first suspect like this one was the cause,
    by `outcomes` confirmed causes; `why` explains it. It is never derived from a score alone.
    """

    bound: float
    outcomes: int = 0
    why: str = ""


class World(Struct):
    """The host's knowledge at this moment.

    `open_incidents` opened or grew within the last hour. `members` is the size of the target's service, None if
    unknown. `maintenance` names what covers the suspected cause,
    `silenced` what covers alerts on other entities, by entity. `alerting` of `known` entities have an alert that fires;
    `storm` is the engine's reason for a storm. `certainty` is None until it was measured. `managed` names
    what manages a target from a repository. `person` is who works on the incident, `rejected` what people rejected.
    `firing` has entity and name of each alert of the incident that fires, None if unknown.
    `confirmed` is the cause that a person confirmed.
    """

    now: float
    open_incidents: int = 1
    members: int | None = None
    maintenance: str | None = None
    silenced: dict[str, str] = {}
    alerting: int = 0
    known: int | None = None
    storm: str = ""
    certainty: Certainty | None = None
    managed: dict[str, str] = {}
    person: str = ""
    rejected: frozenset[str] = frozenset()
    firing: frozenset[tuple[str, str]] | None = None
    confirmed: str = ""


class GuardCheck(Struct):
    """One guard's answer; `later` is for a condition that only the run itself can check.

    `code` is stable and for machines, empty unless it refuses; `number` is the guard's place in the published order.
    """

    guard: str
    state: Literal["passed", "refused", "later"]
    reason: str
    code: str = ""
    number: int = 0


class Refused(Struct):
    """A refusal of a guard: a stable code, and a sentence."""

    code: str
    reason: str


class Case(Struct):
    """The input of the guards; `states` is what the steps would change, as it was read, empty before that."""

    playbook: Playbook
    situation: Situation
    fit: Fit
    targets: list[str]
    values: list[Values]
    plan: str
    history: History
    policy: Policy
    world: World
    systems: Systems = {}
    by: By = "person"
    states: Sequence[StepState] = ()
    # Why a request of the plan would be sent without its secret.
    secret: Refused | None = None
    # The run that would continue: it is no reason against itself.
    own: str = ""
    # The digest of each playbook of the catalogue that may run alone, as it is now.
    bodies: Mapping[str, str] = {}

    @property
    def is_alone(self) -> bool:
        """Return True if no person decides."""
        return self.by != "person"

    def runs(self) -> list[Run]:
        """Return the runs of the playbook, oldest first; in shadow also those that would have been."""
        name = self.playbook.name
        found = self.history.of_playbook(name)
        if self.by == "shadow":
            found = sorted([*found, *self.history.shadows_of(name)], key=lambda run: run.began)
        return [run for run in found if run.id != self.own]

    def active(self) -> list[Run]:
        """Return the runs that have not ended, but its own."""
        return [run for run in self.history.active() if run.id != self.own]

    def touching(self, runs: Sequence[Run]) -> list[Run]:
        """Return the runs on a target of this case."""
        targets = set(self.targets)
        return [run for run in runs if targets.intersection(run.targets)]


__all__ = ["MODES", "By", "Case", "Certainty", "GuardCheck", "Mode", "Policy", "Refused", "World"]
