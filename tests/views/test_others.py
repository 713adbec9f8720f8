"""Similar incidents with what fixed them, and those that are open at the same time."""

from __future__ import annotations

from pathlib import Path

from aiops.records import Evidence, RootCause
from aiops.views.others import MAX_TOGETHER, similar, together
from tests.views.sample import AT, incident, opened


def test_similar_incident_is_told_by_its_own_record(tmp_path: Path) -> None:
    past = incident(
        id="inc-0",
        status="resolved",
        playbook="rollback",
        resolved_by="alice",
        quiet_at=AT + 1_800,
        resolved_at=AT + 90_000,
        root_cause=RootCause("payments-api"),
    )
    store = opened(tmp_path, past)
    now = incident(similar=[Evidence("inc-0", 0.99, "shares Errors on api; fixed by rollback; took 1500 min")])
    [found] = similar(store.database.reader, now)
    assert (found.id, found.alike, found.is_kept) == ("inc-0", 0.99, True)
    assert found.lasted_s == 1_800
    assert (found.fixed_by, found.cause, found.is_confirmed) == ("rollback", "payments-api", True)
    assert found.text == "payments-api, deploy 8.14.6"
    assert found.shared == "Errors on api"
    assert found.ended == "Fixed by rollback; resolved by alice."
    store.close()


def test_similar_incident_that_was_forgotten_claims_no_duration(tmp_path: Path) -> None:
    store = opened(tmp_path)
    now = incident(similar=[Evidence("inc-0", 0.5, "shares Errors on api; caused by db; took 1500 min")])
    [found] = similar(store.database.reader, now)
    assert (found.is_kept, found.text, found.shared, found.lasted_s) == (False, "caused by db", "Errors on api", None)
    store.close()


def test_open_incidents_nearest_in_time_come_first(tmp_path: Path) -> None:
    others = [incident(id=f"inc-{n}", opened_at=AT + 20 + n * 60) for n in range(2, 10)]
    store = opened(tmp_path, incident(), *others, incident(id="inc-x", status="resolved", resolved_at=AT))
    found = together(store.database.reader, incident())
    assert [one.id for one in found.incidents] == ["inc-2", "inc-3", "inc-4", "inc-5", "inc-6"]
    assert found.more == 8 - MAX_TOGETHER
    assert found.incidents[0].text == "payments-api rollout stuck since deploy 8.14.6"
    assert together(store.database.reader, incident(status="resolved")).incidents == []
    store.close()
