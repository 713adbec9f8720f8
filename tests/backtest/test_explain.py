"""The explanation of a decision is the decision: the same cluster, by terms that sum to the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.backtest.explain import Finder, Question, explain
from aiops.backtest.explained import Compared, Explanation
from aiops.backtest.history import Start
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Placed
from aiops.errors import UsageError
from aiops.records import Action, Alert, Logged, Metric, Skipped, Tick
from aiops.simulate import Options, simulate

T0 = 1_795_000_000.0
SITE = simulate(Options(seed=5, services=12, faults=5, noise=6.0, hours=2.0))


class Listed:
    """A history in memory."""

    def __init__(self, records: Sequence[Logged], first: int = 0, note: str = "") -> None:
        self.list = list(records)
        self.first = first
        self.note = note

    def records(self) -> Iterator[tuple[int, Logged]]:
        return enumerate(self.list, self.first)

    def restore(self, engine: Engine) -> None:
        engine.seq = self.first

    def notes(self, config: str) -> list[str]:
        return [self.note] if self.note else []


def alert(at: float, name: str, entity: str, id: str = "", **more: Any) -> Alert:
    given: dict[str, Any] = {"severity": "critical", **more}
    return Alert(ts=T0 + at, name=name, entity=entity, id=id or f"{name}-{entity}-{at:g}", **given)


def ask(records: Sequence[Logged], name: str, against: str | None = None) -> Explanation:
    return explain([Listed(records)], Engine, Question(name, against))


def total(one: Compared) -> float:
    return sum(each.value for each in one.evidence)


def incidents(records: Sequence[Logged]) -> dict[str, str | None]:
    placed = [event for event in Engine().step(list(records)) if isinstance(event, Placed)]
    return {each.id: each.incident for each in placed}


JOINING = [alert(0, "cpu", "db", "a"), alert(10, "disk", "mail", "b"), alert(12, "cpu", "db", "c", labels={"k": "v"})]


def test_an_alert_that_joined_has_the_terms_of_its_cluster_and_of_the_next() -> None:
    one = ask(JOINING, "c")
    assert (one.outcome, one.cluster, one.record) == ("joined", "c0", 2)
    assert one.chosen is not None
    assert one.chosen.score == pytest.approx(total(one.chosen))
    assert one.threshold is not None
    assert one.chosen.score > one.threshold > one.others[0].score
    assert [each.cluster for each in one.others] == ["c1"]


def test_an_alert_that_opened_has_what_it_did_not_fit() -> None:
    one = ask(JOINING, "b")
    assert (one.outcome, one.cluster, one.chosen) == ("opened", "c1", None)
    assert [each.cluster for each in one.others] == ["c0"]
    assert one.others[0].score == pytest.approx(total(one.others[0]))
    assert one.others[0].title == "cpu on db"


# Gaps in seconds, name, entity, severity, and whether it fires.
STREAMS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.02, 1.0, 5.0, 40.0, 130.0, 900.0]),
        st.sampled_from(["cpu", "disk", "latency"]),
        st.sampled_from(["web", "db", "mail"]),
        st.sampled_from(["critical", "warning", "info"]),
        st.sampled_from(["firing", "firing", "firing", "resolved"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.data())
def test_explanations_agree_with_decisions(stream: list[tuple[float, str, str, str, str]], data: st.DataObject) -> None:
    at, records = 0.0, []
    for number, (gap, name, entity, severity, status) in enumerate(stream):
        at += gap
        records.append(alert(at, name, entity, f"a{number}", severity=severity, status=status, service=entity))
    number = data.draw(st.integers(0, len(records) - 1))
    placed = [event for event in Engine().step(list(records)) if isinstance(event, Placed)][number]
    one = ask(records, f"a{number}")
    assert (f"c{placed.cluster}", placed.incident, placed.disposition) == (one.cluster, one.incident, one.disposition)
    assert one.threshold is not None
    for each in [*one.others, *([one.chosen] if one.chosen is not None else [])]:
        assert each.score == pytest.approx(total(each))
    if one.outcome == "joined":
        assert one.chosen is not None
        assert one.chosen.score > one.threshold
        assert all(each.score <= one.chosen.score for each in one.others)
    elif one.outcome == "opened":
        assert all(each.score <= one.threshold for each in one.others)
    elif one.outcome == "cut":
        assert one.others[0].score > one.threshold


def test_every_alert_of_a_simulated_site_can_be_explained() -> None:
    records = [record for record in SITE.records if not isinstance(record, Action)]
    names = [record.id for record in records if isinstance(record, Alert)]
    outcomes = set()
    for name in names[:: len(names) // 12]:
        one = explain([Listed(records)], lambda: Engine(topology=SITE.topology), Question(name))
        assert one.alert == name
        assert one.text
        outcomes.add(one.outcome)
    assert len(outcomes) > 1


def test_a_repeat_shows_by_which_terms_its_stream_had_joined() -> None:
    records = [alert(0, "cpu", "db"), alert(1, "cpu", "web", "first"), alert(3, "cpu", "web", "again")]
    one = ask(records, "again")
    assert one.outcome == "repeat"
    assert one.chosen is not None
    assert one.joined_at == T0 + 1
    first = ask(records, "first").chosen
    assert first is not None
    assert one.chosen.evidence == first.evidence


def test_a_fingerprint_stands_for_the_last_message_that_gave_the_stream_its_place() -> None:
    records = [*JOINING, alert(14, "cpu", "db", "again", labels={"k": "v"})]
    fingerprint = ask(records, "c").fingerprint
    one = ask(records, fingerprint)
    assert (one.alert, one.messages, one.outcome) == ("c", 2, "joined")


def test_suppressed_duplicate_resolved_and_orphaned_alerts_say_so() -> None:
    records: list[Logged] = [
        alert(0, "cpu", "db", "a"),
        alert(0, "cpu", "db", "a"),
        alert(1, "cpu", "db", "end", status="resolved"),
        alert(2, "disk", "mail", "nothing", status="resolved"),
        Skipped(ts=T0 + 3, of="alert", id="broken", reason="it raised"),
    ]
    assert ask(records, "a").outcome == "opened"
    assert ask(records[1:], "end").outcome == "resolved"
    assert ask(records, "nothing").outcome == "orphan"
    assert ask(records, "broken").text == "The engine could not process it: it raised."


def test_a_flood_follows_its_stream() -> None:
    records = [alert(n * 0.01, "cpu", "db", f"a{n}", severity="info") for n in range(300)]
    one = ask(records, "a299")
    assert one.outcome in ("flood", "repeat")
    assert one.others == []


def test_a_stream_that_fires_soon_again_returns_to_its_incident() -> None:
    records = [
        alert(0, "cpu", "db", "a"),
        alert(200, "cpu", "db", "end", status="resolved"),
        alert(330, "cpu", "db", "again"),
    ]
    one = ask(records, "again")
    assert (one.outcome, one.incident) == ("returned", incidents(records)["a"])


def test_against_an_incident_that_was_compared() -> None:
    of = incidents(JOINING)
    one = ask(JOINING, "c", of["b"])
    assert one.against is not None
    assert one.against.compared is not None
    assert one.against.compared.was_compared
    assert one.against.compared.score == pytest.approx(total(one.against.compared))
    assert "are needed" in one.against.text


def test_against_its_own_incident() -> None:
    one = ask(JOINING, "c", incidents(JOINING)["a"])
    assert one.against is not None
    assert one.against.text == "It is in this incident."


def test_against_an_incident_that_was_not_compared_has_terms_and_the_reason() -> None:
    crowd = [alert(1 + n, f"kind-{n}", f"host-{n}", f"n{n}") for n in range(10)]
    records = [alert(0, "cpu", "db", "a"), *crowd, alert(60, "disk", "mail", "late")]
    one = ask(records, "late", incidents(records)["a"])
    assert one.against is not None
    assert one.against.compared is not None
    assert not one.against.compared.was_compared
    assert one.against.compared.score == pytest.approx(total(one.against.compared))
    assert one.against.text.startswith("It was not compared: its last alert had come 1 min 0 s before")


def test_against_an_incident_that_was_closed() -> None:
    records = [alert(0, "cpu", "db", "a"), alert(6000, "cpu", "web", "x"), alert(6001, "disk", "mail", "late")]
    one = ask(records, "late", incidents(records)["a"])
    assert one.against is not None
    assert one.against.compared is None
    assert one.against.text.startswith("Its cluster was closed: its last new stream had come 1 h 40 min before")


def test_against_an_incident_that_began_later() -> None:
    records = [alert(0, "cpu", "db", "a"), alert(1000, "cpu", "web", "x")]
    one = ask(records, "a", incidents(records)["x"])
    assert one.against is not None
    assert one.against.text.startswith("The incident began later")


def test_against_a_cluster_that_became_an_incident_later_has_its_terms() -> None:
    records = [
        alert(0, "disk", "mail", "quiet", severity="info"),
        alert(1, "cpu", "db", "a"),
        alert(2, "disk", "mail", "loud", labels={"k": "v"}),
    ]
    later = incidents(records)["loud"]
    assert ask(records, "quiet", later).against is not None
    one = ask(records, "a", later)
    assert one.against is not None
    assert one.against.compared is not None
    assert one.against.compared.cluster == "c0"


def test_against_takes_the_number_of_a_cluster() -> None:
    one = ask(JOINING, "c", "c1")
    assert one.against is not None
    assert one.against.compared is not None
    assert one.against.compared.cluster == "c1"


def test_a_cluster_that_became_an_incident_later_is_named() -> None:
    records = [
        alert(0, "disk", "mail", "quiet", severity="info"),
        alert(2, "disk", "mail", "loud", labels={"k": "v"}),
    ]
    one = ask(records, "quiet")
    assert (one.incident, one.later) == (None, incidents(records)["loud"])
    assert ask(records, "loud").later is None


def test_unknown_alerts_and_incidents_are_refused() -> None:
    with pytest.raises(UsageError, match="expected the id of an alert"):
        ask(JOINING, "zz")
    with pytest.raises(UsageError, match="--against: expected an incident"):
        ask(JOINING, "c", "inc-none")


def test_the_latest_start_that_has_the_answer_is_used() -> None:
    late = Listed([alert(20, "net", "web", "d")], first=3, note="late")
    starts: list[Start] = [late, Listed([*JOINING, alert(20, "net", "web", "d")], note="whole")]
    assert explain(starts, Engine, Question("d")).notes == ["late"]
    assert explain(starts, Engine, Question("c")).notes == ["whole"]


def test_an_older_start_is_used_for_a_stream_that_only_repeats_after_the_latest() -> None:
    again = alert(14, "cpu", "db", "again", labels={"k": "v"})
    fingerprint = ask(JOINING, "c").fingerprint
    starts: list[Start] = [Listed([again, again], first=3), Listed([*JOINING, again])]
    assert explain(starts[1:], Engine, Question(fingerprint)).alert == "c"
    # The engine of the first start knows nothing, and takes the repeat for the beginning.
    assert explain(starts, Engine, Question(fingerprint)).alert == "again"


def test_finder_matches_ids_and_fingerprints_under_the_ignored_labels() -> None:
    one, other = alert(0, "cpu", "db", "a", labels={"pod": "x"}), alert(1, "cpu", "db", "b", labels={"pod": "y"})
    fingerprint = ask([one], "a").fingerprint
    assert Finder(fingerprint, frozenset()).matches(one)
    assert not Finder(fingerprint, frozenset()).matches(other)
    config = EngineConfig()
    assert Finder("b", frozenset(config.dedup.ignore_labels)).matches(other)


def made_by_the_engine(records: Sequence[Logged]) -> list[tuple[str, str, int]]:
    """Id, fingerprint and record of each alert that the engine makes."""
    engine, found = Engine(EngineConfig()), []
    for record in records:
        events = engine.step([record])
        if engine.arrival.is_derived and any(isinstance(event, Placed) for event in events):
            arrival = engine.arrival
            found.append((arrival.alert.id, arrival.stream.fingerprint, engine.seq - 1))
    return found


def silence_and_metric() -> list[Logged]:
    declared = {"severity": "none", "labels": {"expected_every": "10m"}}
    records: list[Alert | Metric | Tick] = [
        alert(300.0 * at, "Watchdog", "prom", f"w{at}", **declared) for at in range(4)
    ]
    records += [Tick(ts=T0 + at) for at in range(0, 3_000, 5)]
    values = [(60.0 * at, 900.0 if at > 45 else 10.0 + at % 3) for at in range(50)]
    records += [Metric(ts=T0 + at, entity="db", name="latency", value=value) for at, value in values]
    return [*sorted(records, key=lambda record: (record.ts, isinstance(record, Tick)))]


def test_alerts_that_the_engine_made_are_explained_by_id_and_by_fingerprint() -> None:
    records = silence_and_metric()
    made = made_by_the_engine(records)
    assert {id.rpartition("#")[2] for id, _, _ in made} == {"silent", "high"}
    for id, fingerprint, record in made:
        for name in (id, fingerprint):
            one = ask(records, name)
            assert (one.alert, one.fingerprint, one.record, one.messages) == (id, fingerprint, record, 1)
            assert one.incident is not None or one.disposition == "background"


def test_an_id_that_no_alert_has_is_refused() -> None:
    for name in ("Watchdog/prom@1.0#silent", "0" * 16):
        with pytest.raises(UsageError, match="expected the id of an alert or a fingerprint"):
            ask(silence_and_metric(), name)
