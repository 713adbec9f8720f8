"""An incident's identity comes from its first alert: no other record, batch or file changes it."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged
from aiops.records import Action, Alert, Change, Incident, Record, Tick

T0 = 1_795_000_000.0


def fault(number: int, at: float, **fields: object) -> Alert:
    return Alert(ts=at, name=f"Fault{number}", entity=f"e{number}", severity="critical", **fields)  # type: ignore[arg-type]


def ids(records: list[Record], size: int = 1_000, config: EngineConfig | None = None) -> list[str]:
    engine = Engine(config)
    events: list[Event] = []
    for start in range(0, len(records), size):
        events += engine.step(records[start : start + size])
    events += engine.finish()
    opened = [event for event in events if isinstance(event, IncidentChanged) and event.change == "opened"]
    return [event.incident.id for event in opened]


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Faults of one to three alerts an hour apart, some of which resolve and come back."""
    records: list[Record] = []
    for number in range(draw(st.integers(1, 4))):
        at = T0 + 3600.0 * number
        for step in range(draw(st.integers(1, 3))):
            records.append(fault(number, at + 10.0 * step))
        if draw(st.booleans()):
            records.append(fault(number, at + 40.0, status="resolved"))
            records.append(fault(number, at + 2000.0))
    return records


OTHERS = st.one_of(
    st.builds(Incident, id=st.just("truth-1"), opened_at=st.floats(0, T0)),
    st.builds(Change, ts=st.just(T0), entity=st.just("elsewhere"), name=st.just("deploy")),
    st.builds(Action, ts=st.just(T0), verb=st.just("nonsense")),
    st.builds(Alert, ts=st.just(T0 - 900.0), name=st.just("Unrelated"), severity=st.just("info"), entity=st.just("x")),
)


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(st.tuples(st.integers(0, 20), OTHERS), max_size=5), st.integers(1, 5))
def test_records_between_and_batches_rename_nothing(
    history: list[Record], inserted: list[tuple[int, Record]], size: int
) -> None:
    others = list(history)
    # An alert of before goes before all: between, it would be one of theirs.
    for place, record in sorted(inserted, key=lambda item: isinstance(item[1], Alert)):
        others.insert(0 if isinstance(record, Alert) else min(place, len(others)), record)
    assert ids(others, size) == ids(history)


@settings(max_examples=50, deadline=None)
@given(histories())
def test_ticks_rename_nothing(history: list[Record]) -> None:
    """A journal has the host's clock between the records, and an archive has none."""
    journal: list[Record] = []
    for record in history:
        assert isinstance(record, Alert)
        journal += [Tick(ts=record.ts), record, Tick(ts=record.ts + 1.0)]
    assert set(ids(journal)) == set(ids(history))


def test_the_id_of_an_alert_is_not_part_of_the_identity() -> None:
    history = [fault(0, T0), fault(1, T0 + 3600.0)]
    named: list[Record] = [msgspec.structs.replace(each, id=f"file:{line}") for line, each in enumerate(history)]
    assert ids(named) == ids(list(history))


def test_two_alerts_and_two_times_have_two_identities() -> None:
    assert len({*ids([fault(0, T0)]), *ids([fault(0, T0 + 1.0)]), *ids([fault(1, T0)])}) == 3


def test_a_sender_whose_time_stands_still_gives_each_incident_an_id_of_its_own() -> None:
    """Delivery derives its keys from ids and versions: a second incident of one name would be sent to nobody."""
    records: list[Record] = []
    for round_ in range(4):
        now = T0 + 7200.0 * round_
        records += [Tick(ts=now), fault(0, 1000.0), fault(0, 1000.0, status="resolved"), Tick(ts=now + 3600.0)]
    found = ids(records, config=EngineConfig(incidents=IncidentConfig(max_closed=1, reopen_s=1.0)))
    assert len(found) == len(set(found)) == 4
    assert found[0].startswith("inc-")
    assert found[1] == f"{found[0]}-2"


def test_an_identity_survives_a_snapshot_between_two_of_its_name() -> None:
    first: list[Record] = [Tick(ts=T0), fault(0, 1000.0), fault(0, 1000.0, status="resolved"), Tick(ts=T0 + 3600.0)]
    again: list[Record] = [Tick(ts=T0 + 7200.0), fault(0, 1000.0)]
    engine = Engine()
    engine.step(first)
    restored = Engine()
    restored.restore(engine.snapshot())
    events = restored.step(again)
    assert next(event for event in events if isinstance(event, IncidentChanged)).incident.id.endswith("-2")
