"""Playbooks and incidents that several tests use."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.respond.format import Playbook
from aiops.topology import Edge, Node, Topology

AT = 1_700_000_000.0

RESTART = {
    "apiVersion": "aiops/v1",
    "kind": "Playbook",
    "name": "restart-worker",
    "version": "1.0.0",
    "summary": "Restart a worker that hangs.",
    "whenToUse": "A worker hangs.",
    "whenNotToUse": "All workers hang.",
    "owners": ["team:platform"],
    "match": {"alert": [{"label": "name", "value": "WorkerHangs"}], "cause": {"kind": ["host"]}},
    "parameters": {"host": {"from": ["cause.entity"], "pattern": "[a-z0-9-]{1,60}"}},
    "mode": "approve",
    "reversible": True,
    "guards": {"cooldown": "10m", "maxRuns": {"count": 2, "per": "1h"}, "minAge": "1m"},
    "approval": {"approvers": ["team:platform"]},
    "steps": [
        {
            "kind": "http",
            "name": "restart",
            "url": "https://ops.example/hosts",
            "path": ["{{ host }}", "restart"],
            "body": {"host": "{{ host }}"},
        }
    ],
    "tests": [],
}


def playbook(**changes: object) -> Playbook:
    """The sample playbook with some fields replaced."""
    return msgspec.convert({**RESTART, **changes}, Playbook)


def view(
    *names: str,
    entity: str = "worker-1",
    confidence: str = "high",
    cause: str | None = "worker-1",
    incident: str = "i1",
) -> IncidentView:
    """An incident with alerts of these names on one entity."""
    facts = [AlertFact(entity, name, 3, 1, AT + i, AT + i) for i, name in enumerate(names)]
    causes = [Cause(cause, confidence=confidence)] if cause else []  # type: ignore[arg-type]
    return IncidentView(incident, AT, facts, severity=3, causes=causes)


def topology(count: int = 3) -> Topology:
    """Workers of one service."""
    nodes = [Node("work")] + [Node(f"worker-{number}", "host") for number in range(1, count + 1)]
    return Topology.build(nodes, [Edge(node.id, "work", "part_of") for node in nodes[1:]])


@pytest.fixture(scope="session")
def samples() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(playbook=playbook, view=view, topology=topology, at=AT)
