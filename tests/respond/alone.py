"""A case in which the engine may run a playbook without a person: every guard holds, for a test to change one thing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
from msgspec import structs

from aiops.ports import AlertFact
from aiops.respond.calls import body_of
from aiops.respond.config import AutoConfig
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Case, Certainty, Policy, World
from aiops.respond.guards import evaluate
from aiops.respond.history import By, History, Run
from aiops.respond.matching import Fit
from aiops.respond.parameters import Values
from aiops.respond.situation import Seen, Situation

AT = 1_700_000_000.0
NAME = "restart-worker"
UNDO = {"kind": "http", "name": "undo", "url": "https://ops.example", "path": ["{{ host }}", "undo"]}


def playbook(samples: SimpleNamespace, **changes: Any) -> Playbook:
    """The sample playbook, fit to run alone."""
    given = {"mode": "auto", "rollback": [UNDO], "verify": [{"kind": "alert-resolved"}], **changes}
    made: Playbook = samples.playbook(**given)
    return made


def policy(**changes: Any) -> Policy:
    """An operator who lets it run."""
    return structs.replace(Policy(ceiling="auto", auto=AutoConfig(playbooks=[NAME], reversible=[NAME])), **changes)


def proven(book: Playbook, verified: int = 20, failed: int = 0) -> History:
    """A history with so many judged runs, days ago, on other targets."""
    history = History(switches={"global": False})
    for number in range(verified + failed):
        state = "verified" if number >= failed else "failed"
        ran(history, book, f"old-{number}", state, 86_400.0 * (100 - number / 2), target=f"other-{number}")
    return history


def ran(history: History, book: Playbook, id: str, state: str, ago_s: float, target: str = "worker-1") -> Run:
    """A run of the past, in the history."""
    run = Run(id, book.name, book.version, f"of {id}", [target], AT - ago_s, ended_at=AT - ago_s, touched=[target])
    run.state, run.body = state, body_of(book)  # type: ignore[assignment]
    history.runs[id] = run
    return run


class Alone:
    """The case, and what its guards answer."""

    def __init__(self, samples: SimpleNamespace, **changes: Any) -> None:
        self.book = playbook(samples, **changes)
        self.history, self.policy = proven(self.book), policy()
        self.world = World(AT, members=10, alerting=1, known=10, certainty=Certainty(0.95, 40))
        self.by: By = "engine"
        self.targets = ["worker-1"]
        self.seen = [Seen(AlertFact("worker-1", "WorkerStuck", 3, 1, AT - 3600, AT), "", "")]
        self.situation = Situation(
            "i1", 3, self.seen, cause="worker-1", kind="host", confidence="high", opened_at=AT - 3600
        )

    def case(self) -> Case:
        """The case."""
        values = [Values({"host": target}, {}) for target in self.targets]
        return Case(
            self.book,
            self.situation,
            Fit(True, "it fits", (0,)),
            self.targets,
            values,
            "plan",
            self.history,
            self.policy,
            self.world,
            by=self.by,
        )

    def codes(self) -> list[str]:
        """The codes of the guards that refuse."""
        return [check.code for check in evaluate(self.case()) if check.state == "refused"]


def lowered(found: Alone, **auto: Any) -> None:
    """Change the operator's limits."""
    given = msgspec.to_builtins(found.policy.auto) | auto
    found.policy = structs.replace(found.policy, auto=msgspec.convert(given, AutoConfig))
