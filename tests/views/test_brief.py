"""The brief: one structure with all that a page shows, of bounded size."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aiops.records import Cause, Evidence, Incident, Suggestion
from aiops.store import incidents
from aiops.store.store import Store
from aiops.views.brief import Beside, Brief, brief
from tests.views.sample import GRAPH, HOSTILE, incident, member, opened


def made(store: Store, found: Incident) -> Brief:
    stored = incidents.get(store.database.reader, found.id)
    assert stored is not None
    return brief(store.database.reader, stored, Beside(GRAPH))


def test_brief_has_the_verdict_first_and_survives_json(tmp_path: Path) -> None:
    store = opened(tmp_path, incident(url="https://prometheus.example", runbook_url="javascript:alert(1)"))
    found = made(store, incident())
    assert found.verdict == "payments-api rollout stuck since deploy 8.14.6"
    assert (found.severity, found.status, found.is_confirmed) == ("critical", "open", False)
    assert [one.label for one in found.links] == ["Runbook", "Alert in its tool"]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Brief) == found
    store.close()


def test_record_of_nothing_but_an_id_has_a_brief(tmp_path: Path) -> None:
    bare = Incident(id="bare")
    store = opened(tmp_path, bare)
    found = made(store, bare)
    assert (found.playbook, found.similar, found.cause.suspects) == (None, [], [])
    assert found.verdict == "incident bare"
    store.close()


def test_storm_with_hostile_names_has_a_brief_of_bounded_size(tmp_path: Path) -> None:
    name = (HOSTILE * 20)[:1_024]
    storm = incident(
        title=name * 5,
        message=name * 20,
        alert_count=10_000,
        entity_count=10_000,
        entities=[f"{n} {name}"[:1_024] for n in range(200)],
        services=[f"{n} {name}"[:1_024] for n in range(200)],
        members=[member(name, f"{n} {name}"[:1_024], message=name) for n in range(100)],
        causes=[Cause(f"{n} {name}"[:1_024], 9.0 - n, evidence=[Evidence(name, 1.0, name * 9)] * 9) for n in range(8)],
        playbooks=[Suggestion(name, evidence=[Evidence(name, 1.0, name * 9)] * 9) for _ in range(5)],
        similar=[Evidence(name, 0.9, name * 9) for _ in range(9)],
        merged_from=[name] * 200,
        silenced_by=[name] * 50,
    )
    store = opened(tmp_path, storm)
    assert len(msgspec.json.encode(made(store, storm))) < 200_000
    store.close()
