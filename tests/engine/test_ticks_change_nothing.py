"""How often the time is looked at changes nothing: the same records give the same incidents with any ticks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.engine.clock import LEAD_S
from aiops.engine.config import CausesConfig, EngineConfig, IncidentConfig, PlaybooksConfig, SimilarConfig
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.incidents.lifecycle import MAX_DUE
from aiops.records import Action, Alert, Change, Incident, Metric, Tick
from aiops.simulate import Options, simulate
from aiops.topology import Edge, Node, Topology

Timed = Alert | Metric | Change | Action | Tick

T0 = 1_795_000_000.0
TOPOLOGY = Topology.build([Node("web"), Node("api"), Node("db", "database")], [Edge("web", "api"), Edge("api", "db")])
CONFIG = EngineConfig(playbooks=PlaybooksConfig(""), incidents=IncidentConfig(storm_incidents=4))
# Looking at what is due may have to wait for a moment (`engine.LATER_S`).
WITHIN_S = 0.01

GAPS = st.one_of(st.integers(0, 40), st.sampled_from([0, 0, 400, 1900, 4000, 20_000, 90_000]))


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    alert = Alert(
        ts=0.0,
        name=draw(st.sampled_from(["Latency", "Errors", "DiskFull", "CPU"])),
        entity=draw(st.sampled_from(["web", "api", "db", "node-1", "elsewhere"])),
        severity=draw(st.sampled_from([None, "info", "warning", "warning", "high", "critical"])),
        status=draw(st.sampled_from(["firing", "firing", "firing", "resolved"])),
        labels=draw(st.sampled_from([{}, {"env": "x"}])),
    )
    if draw(st.booleans()):
        alert.starts_at = T0 + draw(st.sampled_from([-500.0, 0.0, 500.0]))
    return alert


MATCHERS = '[{"label":"env","op":"=","value":"x"}]'


@st.composite
def streams(draw: st.DrawFn) -> list[Timed]:
    """Alerts in the order of their times, some with a lease, and a silence that ends by itself."""
    found: list[Timed] = []
    at = T0
    for alert in draw(st.lists(alerts(), min_size=1, max_size=40)):
        at += draw(GAPS)
        lease = draw(st.sampled_from([None, None, 60.0, 300.0, 2500.0]))
        ends_at = at + lease if lease is not None and alert.status == "firing" else None
        found.append(msgspec.structs.replace(alert, ts=at, id=f"a{len(found)}", ends_at=ends_at))
        if draw(st.integers(0, 9)) == 0:
            args = {"id": f"s{len(found)}", "matchers": MATCHERS, "until": str(at + 700.0)}
            found.append(Action(ts=at, verb="silence", id=f"x{len(found)}", args=args))
    return found


def with_ticks(records: Iterable[Timed], times: Iterable[float]) -> list[Timed]:
    """The records with ticks between them; records of a tick's time come first."""
    return sorted([*records, *(Tick(ts=at) for at in times)], key=lambda record: (record.ts, isinstance(record, Tick)))


def outcome(
    records: list[Timed], config: EngineConfig = CONFIG
) -> tuple[list[object], dict[str, list[tuple[str, float, tuple[str, ...]]]]]:
    """The place of each alert, clusters numbered as they come; and the changes of each incident with their times."""
    changes: dict[str, list[tuple[str, float, tuple[str, ...]]]] = {}

    def watch(event: IncidentChanged) -> None:
        changes.setdefault(event.incident.id, []).append((event.change, event.at, tuple(event.what)))

    done = replay(records, build_engine(config, TOPOLOGY), watch)
    numbers: dict[str, int] = {}
    places: list[object] = [
        (one.id, one.disposition, numbers.setdefault(one.cluster, len(numbers)), one.incident, one.reason)
        for one in done.decisions()
    ]
    return places, changes


def assert_same(records: list[Timed], ticked: list[Timed]) -> None:
    places, changes = outcome(records)
    ticked_places, ticked_changes = outcome(ticked)
    assert ticked_places == places
    assert list(ticked_changes) == list(changes)
    for name, made in changes.items():
        others = ticked_changes[name]
        assert [(what, fields) for what, _, fields in others] == [(what, fields) for what, _, fields in made]
        assert all(abs(other[1] - one[1]) <= WITHIN_S for one, other in zip(made, others, strict=True))


@settings(max_examples=20, deadline=None)
@given(streams(), st.lists(st.floats(0.0, 1.0), max_size=30), st.sampled_from([None, 60.0, 500.0]))
def test_any_ticks_give_the_same_incidents(records: list[Timed], shares: list[float], step: float | None) -> None:
    span = records[-1].ts - T0
    times = [T0 + share * span for share in shares]
    if step is not None:
        times += [T0 + step * number for number in range(1, min(300, int(span / step)))]
    assert_same(records, with_ticks(records, [at for at in times if at < records[-1].ts]))


@pytest.mark.parametrize("step", [1.0, 15.0, 60.0])
def test_a_simulated_site_is_grouped_alike_with_any_ticks(step: float) -> None:
    run = simulate(Options(seed=3, services=8, faults=3, noise=2.0, hours=0.5))
    records: list[Timed] = [one for one in run.records if not isinstance(one, Incident)]
    first, last = records[0].ts, records[-1].ts
    assert_same(records, with_ticks(records, [first + step * n for n in range(1, int((last - first) / step))]))


def warning(name: str, at: float, **fields: object) -> Alert:
    return Alert(ts=at, name=name, entity=name, service=name, severity="warning", **fields)  # type: ignore[arg-type]


def critical(number: int, at: float, status: str = "firing") -> Alert:
    name = f"Fault{number}"
    made = Alert(ts=at, name=name, entity=f"e{number}", service=f"s{number}", severity="critical")
    made.status = status  # type: ignore[assignment]
    return made


def test_rare_ticks_make_no_alert_one_of_the_future() -> None:
    engine = Engine()
    for number in range(1, 5):
        engine.step([Tick(ts=T0 + 60 * number), critical(number, T0 + 60 * number + 50)])
        assert engine.timeline.now == T0 + 60 * number + 50


def test_once_receipts_are_stated_each_tick_is_one() -> None:
    engine = Engine()
    engine.step([Tick(ts=T0, passes=False), critical(0, T0), Tick(ts=T0 + 100), critical(1, T0 + 101)])
    assert engine.timeline.now == T0 + 101
    engine.step([critical(2, T0 + 200)])
    assert engine.timeline.now == T0 + 100 + LEAD_S


def test_a_lone_warning_lasts_whether_or_not_anybody_looks() -> None:
    """It lasts for as long as it must, and its lease ends a second later: it was worth an incident all the same."""
    config = EngineConfig(playbooks=PlaybooksConfig(""), incidents=IncidentConfig(lone_warning_s=1700.0))
    records: list[Timed] = [warning("Slow", T0, ends_at=T0 + 1701), critical(1, T0 + 9000)]
    places, changes = outcome(records, config)
    assert places == outcome(with_ticks(records, [T0 + 60 * n for n in range(1, 150)]), config)[0]
    assert [made[0][:2] for made in changes.values()] == [("opened", T0 + 1700), ("opened", T0 + 9000)]


# Each alert is an incident of its own, and nothing is ranked.
ALONE = EngineConfig(
    correlate=CorrelateConfig(sensitivity=0.05),
    causes=CausesConfig(""),
    playbooks=PlaybooksConfig(""),
    similar=SimilarConfig(""),
    incidents=IncidentConfig(storm_incidents=0),
)


def ended_before_a_pause(count: int) -> Engine:
    """An engine in which so many incidents have been quiet for an hour, and a record that comes then."""
    engine = build_engine(ALONE, Topology())
    engine.step([critical(n, T0 + n / 10) for n in range(count)])
    assert engine.incidents.open_count == count
    engine.step([critical(n, T0 + 60 + n / 10, "resolved") for n in range(count)])
    engine.step([critical(count, T0 + 3600)])
    return engine


def test_what_ended_in_a_pause_has_ended_at_the_next_record() -> None:
    assert ended_before_a_pause(20).incidents.open_count == 1


def test_the_work_of_one_record_is_bounded_however_long_the_pause_was() -> None:
    engine = ended_before_a_pause(MAX_DUE + 20)
    assert engine.incidents.open_count > 20
    engine.step([Tick(ts=T0 + 3600 + n) for n in range(1, 8)])
    assert engine.incidents.open_count == 1, "the ticks do the rest"
