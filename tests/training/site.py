"""A small site with a fault every two hours: records with confirmed causes, or with labels, for tests of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aiops.app.engine import build_engine
from aiops.archive import write
from aiops.backtest import replay
from aiops.config import Config
from aiops.engine.events import IncidentChanged
from aiops.records import Action, Alert, Incident, Record, RootCause, Truth
from aiops.topology import Edge, Node, Topology
from aiops.training.history import ReplayedHistory
from aiops.training.order import Source

START, PERIOD_S = 1_700_000_000.0, 7_200.0
SERVICES = ("web", "cart", "db", "queue")


def topology() -> Topology:
    """`web` calls the others."""
    nodes = [Node(name, "service") for name in SERVICES]
    return Topology.build(nodes, [Edge("web", name, "calls") for name in SERVICES[1:]])


def alerts_of(number: int, root: str) -> list[Alert]:
    """The alerts of one fault, labelled with it: the root's own, and what users see; then their ends."""
    at, label = START + number * PERIOD_S, Truth(f"fault-{number}")
    names = [(root, "DiskFull"), (root, "ErrorRateHigh"), ("web", "LatencyHigh")]
    made = [
        Alert(ts=at + 5 * place, name=name, entity=entity, service=entity, severity="critical", truth=label)
        for place, (entity, name) in enumerate(names)
    ]
    ends = [
        Alert(
            ts=one.ts + 600,
            name=one.name,
            entity=one.entity,
            service=one.service,
            severity="critical",
            status="resolved",
        )
        for one in made
    ]
    return [*made, *ends]


def faults(roots: Sequence[str]) -> list[Record]:
    """The records of one fault for each root."""
    return [record for number, root in enumerate(roots) for record in alerts_of(number, root)]


def labelled(roots: Sequence[str]) -> list[Record]:
    """The same with the truth of each fault."""
    truths = [
        Incident(id=f"fault-{number}", opened_at=START + number * PERIOD_S, root_cause=RootCause(root))
        for number, root in enumerate(roots)
    ]
    return sorted(
        [*truths, *faults(roots)], key=lambda one: one.opened_at or 0 if isinstance(one, Incident) else one.ts
    )


def confirmed(roots: Sequence[str], playbook: str = "") -> list[Record]:
    """The same with a person who confirms each cause, and with a name the playbook that helped, half an hour later."""
    records = faults(roots)
    opened: dict[str, float] = {}

    def watch(event: IncidentChanged) -> None:
        opened.setdefault(event.incident.id, event.incident.first_alert_at or 0.0)

    replay(iter(records), build_engine(Config(), topology()), watch)
    actions: list[Record] = []
    for incident, at in opened.items():
        root = roots[round((at - START) / PERIOD_S)]
        later = at + 3_600
        actions.append(
            Action(ts=later, verb="confirm_cause", id=f"c-{incident}", actor="kim", incident=incident, entity=root)
        )
        if playbook:
            args = {"playbook": playbook, "outcome": "resolved"}
            actions.append(
                Action(ts=later + 1, verb="confirm_playbook", id=f"p-{incident}", incident=incident, args=args)
            )
    return sorted([*records, *actions], key=lambda one: 0.0 if isinstance(one, Incident) else one.ts)


def stored(records: Sequence[Record], folder: Path) -> Path:
    """Write an archive."""
    path = folder / "site.jsonl.gz"
    write(path, records)
    return path


def history(records: Sequence[Record], folder: Path, limit: int = 100_000) -> ReplayedHistory:
    """The history of records."""
    return ReplayedHistory(Source((str(stored(records, folder)),)), Config(), topology(), limit)
