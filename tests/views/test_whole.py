"""All of an incident's page for a terminal, and over the control socket."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aiops.store import incidents
from aiops.views.brief import Beside
from aiops.views.whole import Whole, whole
from tests.views.sample import AT, GRAPH, incident, opened


def test_whole_has_all_parts_and_survives_the_socket(tmp_path: Path) -> None:
    store = opened(tmp_path, incident())
    stored = incidents.get(store.database.reader, "inc-1")
    assert stored is not None
    found = whole(store.database.reader, stored, Beside(GRAPH), AT + 700)
    assert found.brief.verdict == "payments-api rollout stuck since deploy 8.14.6"
    assert {one.name for one in found.ties} == {"ProbeFailed", "HTTPErrors", "KubeDeploymentRolloutStuck"}
    assert found.alerts.kinds == 3
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), Whole) == found
    store.close()
