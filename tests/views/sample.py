"""An incident as the engine describes one, and a store that holds it, for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiops.engine.events import IncidentChanged
from aiops.records import Affected, Cause, Change, Evidence, Hop, Incident, Member, Suggestion
from aiops.store.findings import Answer, FindingsTable, FoundItem, Reading
from aiops.store.store import FrameDecisions, Store
from aiops.topology import Edge, Node, Topology
from aiops.views.service_graph import ServiceGraph

AT = 1_795_000_000.0
HOSTILE = "<script>alert('x')</script> [click](javascript:alert(1)) **b** `c` \u202egnp.exe"
DEPLOY = Change(
    ts=AT - 24, entity="payments-api", name="deploy", labels={"version": "8.14.6"}, url="https://deploy.example/1"
)
EVIDENCE = [
    Evidence("change", 4.0, "deploy on payments-api 24 s before the first alert"),
    Evidence("blame", 3.0, "32% of the weight of the latency and error complaints leads along the dependencies to …"),
    Evidence("internal", 2.0, "RolloutStuck on payments-api, which nothing else has in this incident"),
]
PATH = [
    Hop("payments-api", "calls", ["KubeDeploymentRolloutStuck"]),
    Hop("payments-sync", "calls", ["HTTPErrors"]),
    Hop("payments-gateway", "", ["ProbeFailed"]),
]
GRAPH = ServiceGraph(
    Topology.build(
        [Node("payments-gateway"), Node("payments-sync"), Node("payments-api"), Node("payments-db", "database")],
        [
            Edge("payments-gateway", "payments-sync", "calls"),
            Edge("payments-sync", "payments-api", "calls"),
            Edge("payments-api", "payments-db", "uses"),
        ],
    )
)


def member(name: str, entity: str, **changes: Any) -> Member:
    fields: dict[str, Any] = {"severity": "critical", "status": "firing", "count": 3, "first_at": AT, "last_at": AT}
    return Member(
        f"f-{name}-{entity}", name, entity, **{**fields, "service": entity, "alert_id": f"a-{name}", **changes}
    )


def incident(**changes: Any) -> Incident:
    """A stuck rollout that hurts its callers."""
    names = ["payments-gateway", "payments-sync", "payments-api"]
    fields: dict[str, Any] = {
        "id": "inc-1",
        "status": "open",
        "severity": "critical",
        "title": "ProbeFailed on payments-gateway and 2 more entities",
        "opened_at": AT + 20,
        "first_alert_at": AT,
        "last_alert_at": AT + 600,
        "alert_count": 262,
        "stream_count": 19,
        "firing_count": 18,
        "entities": names,
        "entity_count": 3,
        "services": names,
        "workloads": [Affected(name, name) for name in names],
        "members": [
            member("ProbeFailed", "payments-gateway"),
            member("HTTPErrors", "payments-sync", severity="high"),
            member("KubeDeploymentRolloutStuck", "payments-api", severity="high"),
        ],
        "causes": [
            Cause("payments-api", 9.0, confidence="high", evidence=EVIDENCE, change=DEPLOY),
            Cause("payments-db", 1.0, evidence=[Evidence("symptom", 1.0, "Slow seen at payments-db")]),
        ],
        "playbooks": [
            Suggestion("rollback", 3.0, target="payments-api", evidence=[Evidence("change", 2.0, "a deploy fits")]),
            Suggestion("restart", 1.0, evidence=[Evidence("text", 1.0, "its text fits")]),
        ],
    }
    return Incident(**{**fields, **changes})


def keep(store: Store, found: Incident, change: str = "opened", version: int = 1, frame: int = 1) -> None:
    """Store an incident as a change of it does."""
    at = found.opened_at or AT
    event = IncidentChanged(frame, at, change, found, version, [])  # type: ignore[arg-type]
    store.apply([FrameDecisions(frame, at, [event])])


def opened(directory: Path, *found: Incident) -> Store:
    """A store with these incidents."""
    store = Store(directory)
    for number, one in enumerate(found, 1):
        keep(store, one, frame=number)
    return store


def keep_reads(store: Store, name: str = "inc-1", text: str = "OOMKilled in the last state of payments-api-1") -> None:
    """Three reads of an incident: one that found something, one that failed, and one beyond the budget."""
    found = Answer(
        "GET /api/v1/pods/a", ["name", "lastReason"], [["a", "OOMKilled"]], 3, "", [FoundItem("a", text, "strong")]
    )
    log = Answer("GET /api/v1/pods/a/log", ["line"], [[f"first {text}"], ["second"]])
    rows = [
        ("last state", "done", "", found),
        ("log", "done", "", log),
        ("restarts", "failed", "answered with status 403: no", Answer("GET /api/v1/query")),
        ("memory", "skipped", "not read: 60 reads were made within a minute, which is the limit", Answer()),
    ]
    FindingsTable(store.database).write(
        [
            Reading(name, 0, "oom", collector, "kubernetes", "prod", state, 1, AT + at, 0.3, reason, True, answer)  # type: ignore[arg-type]
            for at, (collector, state, reason, answer) in enumerate(rows)
        ]
    )
