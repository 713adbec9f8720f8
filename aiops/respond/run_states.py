"""The contents of a history of runs: runs, approvals, moves of switches, levels and notices."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from aiops.respond.calls import StepState

RunState = Literal["running", "waiting", "executed", "verified", "failed", "stopped", "refused", "unknown"]
# `waiting` is for a person; a person has `closed` one that waited; empty: there is nothing to roll back.
RollbackState = Literal["", "waiting", "running", "done", "failed", "closed", "unknown"]
WAITING: tuple[RollbackState, ...] = ("waiting", "failed", "unknown")
GLOBAL = "global"
# The reason of a stop or a demotion for which nobody gave one, and of moves in trails of earlier releases.
NO_REASON = "no reason given"
Mode = Literal["suggest", "approve", "auto"]
# Who starts a run: a person after approvals, the engine on its own, or nobody (what the engine would have run).
By = Literal["person", "engine", "shadow"]
# Of a run that would have been: its condition cleared without it, or did not, or nobody can judge, as where another
# run acted on it.
ShadowState = Literal["shadow", "cleared", "persisted", "unjudged"]


class Approved(Struct):
    """An approval by a person, with its time."""

    actor: str
    at: float
    shifted: float = 0.0

    @property
    def given(self) -> float:
        """Return its time by the present clock."""
        return self.at + self.shifted


class Wait(Struct):
    """A step at which a run waits for people.

    `nonce` makes the ids of its approvals unguessable. `approvals` are those given, by id: each is bound to what the
    remaining steps would change, as it was read (`states`). `scopes` are the kill switches of the run: a stop voids
    what was approved before it.
    """

    place: str
    target: str
    name: str
    text: str
    approvers: list[str]
    quorum: int
    length_s: float
    escalates: bool
    at: float
    nonce: str
    scopes: list[str]
    shifted: float = 0.0
    approvals: dict[str, list[Approved]] = field(default_factory=dict)
    states: dict[str, list[StepState]] = field(default_factory=dict)

    @property
    def until(self) -> float:
        """Return when it ends, by the present clock."""
        return self.at + self.shifted + self.length_s

    def void(self) -> None:
        """Drop the approvals given so far."""
        self.approvals.clear()
        self.states.clear()


class Run(Struct):
    """An execution: `executed` means that its steps were accepted, `verified` that the condition cleared.

    `done` lists the steps that were sent and answered, with their results, `unknown` those that were sent, or may have
    been, and of which nobody knows whether they worked, `left` those that certainly were not begun. `touched` are the
    targets to which a step was sent. `by` is who started it, `body` the digest of what its playbook did.

    `shifted` are the seconds by which the host's clock was set forward since: `began` and `ended` are its times by the
    present clock: no step of it ends a cooldown. `helped` is a person's word on a shadow.
    """

    id: str
    playbook: str
    version: str
    incident: str
    targets: list[str]
    started_at: float
    state: RunState | ShadowState = "running"
    ended_at: float | None = None
    keys: list[str] = field(default_factory=list)
    plan: str = ""
    actor: str = ""
    why: str = ""
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    rollback: RollbackState = ""
    by: By = "person"
    body: str = ""
    shifted: float = 0.0
    helped: bool | None = None
    # A step was sent: from here on the run itself changes what it was decided on.
    acted: bool = False
    # What its steps change, as it was read for the plan.
    states: list[StepState] = field(default_factory=list)
    # The digest of its plan, without what was read.
    base: str = ""
    # The step at which it waits for people.
    wait: Wait | None = None

    @property
    def began(self) -> float:
        """Return when it started, by the present clock."""
        return self.started_at + self.shifted

    @property
    def ended(self) -> float:
        """Return when it ended, by the present clock; when it started if it has not."""
        return (self.ended_at or self.started_at) + self.shifted

    @property
    def is_active(self) -> bool:
        """Return True if it still sends, or may have to: nothing else may touch its targets."""
        unsettled = self.rollback == "running" or self.rollback in WAITING
        return self.state in ("running", "waiting") or unsettled


def step_place(place: str, target: str) -> str:
    """Return the name of a step on a target, such as `step 0 on web-1`."""
    return f"{place} on {target}"


class Bound(Struct):
    """The bond of approvals: the digest of their plan, and what its steps change as it was read."""

    base: str
    states: list[StepState] = field(default_factory=list)


class SwitchMove(Struct):
    """The last move of a kill switch: by whom, when and why."""

    engaged: bool
    at: float
    actor: str
    reason: str = ""


class Refusal(Struct):
    """An approval after which nothing ran: the guard that refused, and its reason."""

    at: float
    playbook: str
    incident: str
    guard: str
    reason: str
    actor: str = ""
    code: str = ""


class Decided(Struct):
    """A decision of the engine on a run without a person; `code` is that of the guard that refused."""

    at: float
    playbook: str
    incident: str
    targets: list[str]
    code: str
    reason: str
    by: By = "engine"


class Trial(Struct):
    """A decision on a run without a person that every guard permitted but the measured certainty.

    `body` is the digest of what its playbook did. `right` is by a person's review of the incident, None before it:
    `answer` is the confirmed cause, or `noise`.
    """

    at: float
    playbook: str
    body: str
    incident: str
    targets: list[str]
    right: bool | None = None
    answer: str = ""


TrialKey = tuple[str, str, tuple[str, ...]]


def trial_key(playbook: str, incident: str, targets: list[str]) -> TrialKey:
    """Return what makes two decisions one trial."""
    return playbook, incident, tuple(sorted(targets))


class Level(Struct):
    """The mode that somebody gave to a playbook: by whom, when and why."""

    mode: Mode
    at: float
    actor: str
    reason: str = ""


class Storm(Struct):
    """The last storm, as far as it was recorded."""

    active: bool
    at: float
    why: str = ""
    shifted: float = 0.0

    @property
    def ended(self) -> float:
        """Return when it ended, by the present clock."""
        return self.at + self.shifted


class Start(Struct):
    """A start of the daemon that no orderly end followed; `able` if runs could begin then."""

    at: float
    able: bool


class PendingNotice(Struct):
    """A notification of people that the trail does not show as made."""

    seq: int
    incident: str
    text: str
    # A person must come now, not only read it.
    page: bool = False


class Gap(Struct):
    """A cut of the trail: the problem, the end of the unknown time, and its acceptance by a person."""

    problem: str
    until: float
    accepted: bool = False
