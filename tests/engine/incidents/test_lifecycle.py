"""The life cycle of incidents, as the person on call sees it."""

from __future__ import annotations

from aiops.app.engine import build_engine
from aiops.engine.config import DedupConfig, EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, IncidentChanged, Placed
from aiops.records import Action, Alert, Incident, Metric, Record, Tick
from aiops.topology import Topology


def alert(ts: float, name: str = "HighLatency", entity: str = "web", **fields: object) -> Alert:
    return Alert(ts=ts, name=name, entity=entity, **fields)  # type: ignore[arg-type]


def run(*records: Record, engine: Engine | None = None) -> tuple[list[IncidentChanged], list[Placed]]:
    events = (engine or Engine()).step(list(records))
    changes = [event for event in events if isinstance(event, IncidentChanged)]
    return changes, [event for event in events if isinstance(event, Placed)]


def changes(*records: Record, engine: Engine | None = None) -> list[str]:
    return [event.change for event in run(*records, engine=engine)[0]]


def test_one_alert_opens_an_incident_at_once_and_it_is_ranked_some_seconds_later() -> None:
    events, placed = run(alert(0), Tick(ts=31), engine=build_engine(EngineConfig(), Topology()))
    assert [(event.change, event.at) for event in events] == [("opened", 0), ("updated", 8)]
    assert "cause" in events[1].what
    assert [event.change for event in run(alert(0), Tick(ts=31))[0]] == ["opened"], "nothing new, nothing told"
    assert placed[0].disposition == "incident"
    assert placed[0].incident == events[0].incident.id


def test_a_storm_on_one_entity_is_one_incident() -> None:
    storm = [alert(at / 10, entity="web", name=f"A{at % 4}") for at in range(100)]
    events, placed = run(*storm)
    assert len({event.incident.id for event in events if event.change != "merged"}) == 1
    assert len({place.cluster for place in placed}) == 1


def test_it_resolves_when_all_have_resolved_and_stayed_so() -> None:
    records: list[Record] = [alert(0), alert(60, status="resolved"), Tick(ts=200), Tick(ts=400)]
    assert changes(*records) == ["opened", "resolved"]
    last = run(*records)[0][-1]
    assert last.at == 360
    assert last.incident.resolved_at == 360


def test_firing_again_before_the_end_keeps_it_open_and_soon_after_the_end_reopens_it() -> None:
    first = [alert(0), alert(60, status="resolved"), alert(120)]
    assert changes(*first, Tick(ts=500)) == ["opened"]
    again: list[Record] = [alert(0), alert(60, status="resolved"), Tick(ts=400), alert(690)]
    events, placed = run(*again)
    assert [event.change for event in events][-2:] == ["resolved", "reopened"]
    assert len({event.incident.id for event in events}) == 1
    assert placed[-1].cluster == placed[0].cluster


def test_long_after_the_end_it_is_another_incident() -> None:
    events, _ = run(alert(0), alert(60, status="resolved"), Tick(ts=400), Tick(ts=5000), alert(5000))
    assert len({event.incident.id for event in events}) == 2


def test_severity_is_the_highest_and_a_rise_is_told_at_once() -> None:
    events, _ = run(alert(0), alert(1, name="Down", severity="critical"))
    assert [(event.change, event.incident.severity) for event in events] == [
        ("opened", "warning"),
        ("updated", "critical"),
    ]
    assert events[1].what == ["severity"]


def test_info_alone_is_background_until_something_worse_joins() -> None:
    events, placed = run(alert(0, severity="info"), alert(1, name="Down", severity="high"))
    assert placed[0].disposition == "background"
    assert "below warning" in (placed[0].reason or "")
    assert events[0].change == "opened"
    assert events[0].incident.alert_count == 2


def test_an_unknown_severity_is_a_warning_and_loses_nothing() -> None:
    events, placed = run(alert(0, severity="purple"))
    assert events[0].incident.severity == "warning"
    assert placed[0].disposition == "incident"


def test_a_silence_suppresses_with_its_name_and_ends() -> None:
    silence = Action(
        ts=0,
        verb="silence",
        id="q",
        args={"id": "deploy", "matchers": '[{"label":"entity","op":"=~","value":"web.*"}]', "until": "100"},
    )
    events, placed = run(silence, alert(10, starts_at=5.0), alert(50, starts_at=5.0), alert(150, starts_at=5.0))
    # What still fires when the silence ends is an incident then, and a repeat of it is one.
    assert [place.disposition for place in placed] == ["suppressed", "suppressed", "duplicate"]
    assert placed[0].reason == "silence deploy"
    assert [event.change for event in events] == ["opened"]


def test_a_recurring_window_comes_back() -> None:
    window = Action(
        ts=0,
        verb="silence",
        args={
            "id": "w",
            "matchers": '[{"label":"name","op":"=","value":"HighLatency"}]',
            "until": "100",
            "every": "day",
        },
    )
    _, placed = run(window, alert(50), alert(2000, entity="b"), alert(86_450, entity="c"))
    assert [place.disposition for place in placed] == ["suppressed", "incident", "suppressed"]


def test_actions_that_do_not_fit_change_nothing_and_say_why() -> None:
    engine = Engine()
    wrong = [
        Action(ts=0, verb="dance"),
        Action(ts=0, verb="resolve", incident="inc-none"),
        Action(ts=0, verb="silence", args={"matchers": "[]", "until": "10"}),
        Action(ts=0, verb="silence", args={"matchers": '[{"label":"a","op":"=~","value":"(?!a)b"}]', "until": "10"}),
        Action(ts=0, verb="swap_model", args={"algorithm": "nobody"}),
    ]
    answers = [event for event in engine.step(wrong) if isinstance(event, Feedback)]
    assert [answer.applied for answer in answers] == [False] * 5
    assert all(answer.reason for answer in answers)


def test_people_can_acknowledge_and_resolve() -> None:
    engine = Engine()
    (opened,), _ = run(alert(0), engine=engine)
    name = opened.incident.id
    told = changes(
        Action(ts=5, verb="acknowledge", incident=name, actor="kim"),
        Action(ts=9, verb="resolve", incident=name, actor="kim"),
        engine=engine,
    )
    assert told == ["acknowledged", "resolved"]


def test_a_repeat_does_not_reopen_what_a_person_resolved() -> None:
    engine = Engine()
    (opened,), _ = run(alert(0, starts_at=0.0), engine=engine)
    resolve = Action(ts=9, verb="resolve", incident=opened.incident.id)
    assert changes(resolve, alert(20, starts_at=0.0), engine=engine) == ["resolved"]


def test_flapping_is_one_incident_and_is_told() -> None:
    engine = Engine(EngineConfig(dedup=DedupConfig(flap_count=3)))
    records: list[Record] = []
    for at in range(0, 2000, 100):
        records += [alert(at), alert(at + 50, status="resolved")]
    events, _ = run(*records, Tick(ts=2100), engine=engine)
    assert len({event.incident.id for event in events}) == 1
    assert "resolved" not in [event.change for event in events]
    state = next(iter(engine.incidents.by_id.values()))
    cluster = engine.clusters.of(state.cluster)
    assert cluster is not None
    assert "flapping" in " ".join(engine.incidents.records.make(state, cluster, engine.timeline.now).explanation)
    assert changes(Tick(ts=4000), engine=engine)[-1] == "resolved"


def test_a_lease_that_runs_out_resolves() -> None:
    told = changes(alert(0, ends_at=300.0), Tick(ts=200), Tick(ts=700))
    assert told == ["opened", "resolved"]


def test_identities_depend_on_the_input_alone() -> None:
    one, other = run(alert(0), Tick(ts=5000), alert(5000))[0], run(alert(0), Tick(ts=5000), alert(5000))[0]
    assert [event.incident.id for event in one] == [event.incident.id for event in other]


def test_a_time_in_the_far_future_ages_nothing_else() -> None:
    engine = Engine()
    absurd = alert(4_000_000_000, name="WrongClock", entity="other")
    told = changes(alert(1000), absurd, alert(1010, name="More"), Tick(ts=1020), engine=engine)
    assert "resolved" not in told
    assert engine.timeline.now == 1020


def test_a_long_gap_in_an_archive_is_believed_when_records_agree() -> None:
    engine = Engine()
    later = 1000 + 90 * 86_400
    run(alert(1000), *(alert(later + at, name=f"N{at}") for at in range(5)), engine=engine)
    assert engine.timeline.now == later + 4


def test_metrics_become_alerts_and_do_not_count_as_input() -> None:
    engine = Engine()
    normal: list[Record] = [Metric(ts=60.0 * at, entity="db", name="latency", value=10 + at % 3) for at in range(60)]
    spike: list[Record] = [Metric(ts=60.0 * at, entity="db", name="latency", value=500.0) for at in range(60, 75)]
    events, placed = run(*normal, *spike, engine=engine)
    assert events
    assert "latency" in (events[0].incident.title or "")
    accounts = engine.accounts()
    assert accounts["derived"] == len(placed) > 0
    assert accounts["records"]["alert"] == 0
    assert accounts["conserved"]


def test_members_beyond_the_cap_are_counted_but_not_kept() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(max_members=10)))
    run(*(alert(at / 100, name=f"N{at}", entity="web") for at in range(50)), engine=engine)
    biggest = max(engine.clusters.by_number.values(), key=lambda cluster: cluster.count)
    assert len(biggest.members) <= 10
    assert biggest.count == len(biggest.members) + biggest.overflow


def test_truth_never_reaches_the_engine() -> None:
    engine = Engine()
    before = engine.snapshot()
    engine.step([Incident(id="labelled", opened_at=5.0)])
    after = Engine()
    after.restore(before)
    after.seq, after.kinds = 1, {"incident": 1}
    assert engine.snapshot() == after.snapshot()


def warning(ts: float, name: str, entity: str = "web", **fields: object) -> Alert:
    return alert(ts, name, entity, severity="warning", **fields)


def test_a_warning_or_two_wait_and_say_why() -> None:
    events, placed = run(warning(0, "Slow"), warning(2, "Busy"), Tick(ts=300))
    assert events == []
    assert "too few warnings" in (placed[0].reason or "")
    events, _ = run(warning(0, "Slow"), warning(2, "Busy"), warning(4, "Errors"))
    assert [event.change for event in events] == ["opened"]
    assert events[0].incident.alert_count == 3


def test_a_warning_that_lasts_becomes_an_incident() -> None:
    events, _ = run(warning(0, "Slow", starts_at=0.0), Tick(ts=1000), Tick(ts=1900))
    assert [(event.change, event.at) for event in events][:1] == [("opened", 1800)]
    assert run(warning(0, "Slow"), warning(60, "Slow", status="resolved"), Tick(ts=1900))[0] == []


def test_waiting_can_be_switched_off() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(lone_warning_s=0)))
    assert changes(warning(0, "Slow"), engine=engine) == ["opened"]


def occasions(names: str, starts: list[float]) -> list[list[str]]:
    """What each occasion opens on which all the named warnings fire and resolve."""
    engine = Engine()
    told = []
    for start in starts:
        firing = [warning(start + n, name) for n, name in enumerate(names)]
        ends = [warning(start + 60 + n, name, status="resolved") for n, name in enumerate(names)]
        told.append([change for change in changes(*firing, *ends, engine=engine) if change in ("opened", "reopened")])
    return told


def test_habits_are_no_news_but_a_crowd_of_them_is() -> None:
    starts = [0.0, 5_000.0, 11_000.0, 18_500.0, 23_000.0, 31_000.0]
    few, crowd = occasions("ABC", starts), occasions("ABCDEF", starts)
    assert few[0] == ["opened"]
    assert few[-1] == []
    assert crowd[-1] == ["opened"]


def test_repeats_on_time_stay_with_their_open_incident() -> None:
    engine = Engine()
    records: list[Record] = []
    for step in range(60):
        records.append(alert(60.0 * step, "LogErrors", "api", severity="high"))
    events, placed = run(*records, engine=engine)
    assert len({event.incident.id for event in events}) == 1
    assert {place.incident for place in placed} == {events[0].incident.id}
