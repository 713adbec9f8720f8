"""Streams that go silent together are one alert, which names what they share; what does not belong stays out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.heartbeats import heartbeats, outages
from aiops.engine.heartbeats.beat import FORGET_S, Beat
from aiops.engine.heartbeats.config import ExpectedConfig
from aiops.engine.heartbeats.outages import FEW, MANY, MAX_TRAITS, MIXED, TOGETHER_S, UPDATE_S, Outage, Outages
from aiops.records import Action, Alert, Tick
from tests.engine.heartbeats.listening import START, Bench, watchdog

EXPECTED = ExpectedConfig(matchers=["job=~.+"], every="10m", severity="critical")


class Fleet(Bench):
    """Senders `n0`, `n1` … of a cluster each, that come every five minutes, at times of their own."""

    def __init__(self, spread_s: float = 0.0, expected: ExpectedConfig = EXPECTED) -> None:
        super().__init__(expected)
        self.spread_s = spread_s
        self.senders: dict[int, str] = {}
        self.names: Callable[[int], str] = lambda number: "Beat"

    def message(self, at: float, number: int) -> Alert:
        labels = {"job": "beat", "cluster": self.senders[number], "instance": f"n{number}"}
        return watchdog(START + at, name=self.names(number), entity=f"n{number}", labels=labels)

    def rounds(self, first: int, last: int, alive: Callable[[int], bool] = lambda number: True) -> None:
        """Let rounds of five minutes pass, in which those that are alive come."""
        for at_round in range(first, last):
            coming = [(self.spread_s * n / len(self.senders), n) for n in self.senders if alive(n)]
            for at in range(0, 300, 5):
                self.feed(Tick(ts=START + 300 * at_round + at))
                due = [n for since, n in coming if at <= since < at + 5]
                self.feed(*(self.message(300 * at_round + at + 1, n) for n in due))

    @property
    def made_alert(self) -> Alert:
        return self.engine.arrival.alert

    def changes(self, kind: str) -> list[tuple[float, str]]:
        found = [event for event in self.events if isinstance(event, IncidentChanged) and event.change == kind]
        return [(event.at - START, str(event.incident.title)) for event in found]


def fleet(lab: int, prod: int, spread_s: float = 0.0) -> Fleet:
    made = Fleet(spread_s)
    made.senders = {number: "lab" if number < lab else "prod" for number in range(lab + prod)}
    made.rounds(0, 3)
    return made


@pytest.mark.parametrize("spread_s", [0.0, 250.0])
def test_a_hundred_dead_streams_are_one_incident_that_names_what_they_share(spread_s: float) -> None:
    site = fleet(100, 20, spread_s=spread_s)
    site.rounds(3, 6, lambda number: number >= 100)
    [(at, title)] = site.changes("opened")
    # The first of them is due ten minutes after it came last, at 600 s.
    assert at <= 1_235.0
    assert title == "Beat is silent on lab"
    assert site.engine.accounts()["heartbeats"]["silent"] == 100
    assert site.engine.accounts()["heartbeats"]["outages"] == 1
    site.rounds(6, 8)
    assert site.engine.accounts()["heartbeats"]["silent"] == 0
    assert [title for _, title in site.changes("resolved")] == ["Beat is silent on lab"]


def test_the_alert_states_how_many_of_how_many_and_some_of_them() -> None:
    site = fleet(6, 6)
    site.rounds(3, 5, lambda number: number >= 6)
    alert = site.made_alert
    assert (alert.name, alert.entity, alert.severity, alert.status) == ("Beat is silent", "lab", "critical", "firing")
    assert alert.labels == {"cluster": "lab", "job": "beat"}
    assert alert.message is not None
    assert alert.message.startswith(
        "nothing comes from 6 of 6 expected streams with cluster=lab (they also share job=beat), the first for "
    )
    assert alert.message.endswith("and 1 more")


def test_one_that_returns_and_the_last_one_are_reported() -> None:
    site = fleet(6, 6)
    site.rounds(3, 5, lambda number: number >= 6)
    site.rounds(5, 6, lambda number: number > 0)
    assert "nothing comes from 1 of 6 expected streams" in str(site.made_alert.message)
    assert "5 came again: Beat on n0" in str(site.made_alert.message)
    assert site.open_incidents == 1
    site.rounds(6, 7)
    assert (site.made_alert.status, site.made_alert.entity) == ("resolved", "lab")


@pytest.mark.parametrize(("dead", "count"), [(FEW - 1, FEW - 1), (FEW, 1)])
def test_few_are_an_outage_only_as_the_larger_part_of_what_shares_the_trait(dead: int, count: int) -> None:
    site = fleet(FEW, 0)
    site.rounds(3, 6, lambda number: number >= dead)
    assert len(site.made) == count
    # Five of fifty with nothing but their job in common may be five troubles.
    other = fleet(0, 50)
    other.rounds(3, 6, lambda number: number >= FEW)
    assert len(other.made) == FEW


def test_many_are_an_outage_whatever_share_they_are() -> None:
    site = fleet(0, 5 * MANY)
    site.rounds(3, 5, lambda number: number >= MANY)
    assert len(site.made) == 1
    assert f"{MANY} of {5 * MANY} expected streams" in str(site.made_alert.message)


def test_a_stream_without_what_the_alert_states_stays_out() -> None:
    site = fleet(8, 8)
    # Two clusters die at once: each has an alert with its own labels, or a silence of one would mute the other.
    site.rounds(3, 5, lambda number: False)
    found = [event for event in site.made if event[1] == "firing"]
    assert len(found) == 1
    assert site.made_alert.labels == {"job": "beat"}
    later = fleet(8, 8)
    later.rounds(3, 4, lambda number: number >= 8)
    later.rounds(4, 6, lambda number: False)
    assert len([event for event in later.made if event[1] == "firing"]) == 2
    assert later.made_alert.labels == {"job": "beat", "cluster": "prod"}


def test_those_that_were_reported_one_by_one_are_taken_in() -> None:
    site = fleet(9, 9)
    site.rounds(3, 4, lambda number: not 0 <= number < 2)
    site.rounds(4, 6, lambda number: number >= 9)
    # Two alerts, the outage, and the ends of the two, whose incident resolves.
    assert [status for _, status in site.made] == ["firing", "firing", "firing", "resolved", "resolved"]
    assert "is one of many that went silent together" in str(site.made_alert.message)
    site.rounds(6, 8, lambda number: number >= 9)
    assert site.open_incidents == 1


def test_an_outage_takes_in_nothing_after_a_while() -> None:
    site = fleet(30, 0)
    rounds = int(TOGETHER_S / 300)
    site.rounds(3, 6 + rounds, lambda number: number >= 20)
    assert len(site.changes("opened")) == 1
    # One that goes silent an hour later is news of its own.
    site.rounds(6 + rounds, 10 + rounds, lambda number: number > 20)
    assert site.changes("opened")[1:][0][1].startswith("Beat is silent on n20")


def test_a_silence_of_what_they_share_mutes_the_outage() -> None:
    site = fleet(20, 20)
    until = {"id": "s", "matchers": 'cluster="lab"', "until": str(START + 86_400.0)}
    site.feed(Action(ts=START + 899, verb="silence", args=until))
    site.rounds(3, 6, lambda number: number >= 20)
    assert site.engine.accounts()["heartbeats"]["outages"] == 1
    assert site.open_incidents == 0


def test_different_names_are_named_as_such() -> None:
    site = Fleet()
    site.names = lambda number: f"Beat{number}"
    site.senders = dict.fromkeys(range(8), "lab")
    site.rounds(0, 3)
    site.rounds(3, 5, lambda number: False)
    assert (site.made_alert.name, site.made_alert.entity) == ("Expected streams are silent", "lab")


def test_one_tick_judges_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "MAX_JUDGED", 7)
    site = fleet(30, 0)
    site.rounds(3, 4, lambda number: False)
    silent = []
    for at in range(0, 100, 5):
        site.feed(Tick(ts=START + 1_205 + at))
        silent.append(int(site.engine.accounts()["heartbeats"]["silent"]))
    assert silent[:6] == [7, 14, 21, 28, 30, 30]


def test_many_guesses_are_more_than_a_guess() -> None:
    site = Fleet(expected=ExpectedConfig(matchers=["job=~.+"], every="10m", severity="info"))
    site.senders = dict.fromkeys(range(MANY), "lab")
    site.rounds(0, 3)
    site.rounds(3, 5, lambda number: False)
    assert site.made_alert.severity == "high"


@settings(max_examples=10)
@given(
    st.lists(st.sets(st.integers(0, 11), max_size=12), min_size=2, max_size=6), st.integers(0, 10_000), st.booleans()
)
def test_a_restart_anywhere_changes_nothing(deaths: list[set[int]], cut: int, is_spread: bool) -> None:
    site = fleet(6, 6, spread_s=200.0 if is_spread else 0.0)
    for number, dead in enumerate(deaths):
        site.rounds(3 + 2 * number, 5 + 2 * number, lambda each, dead=dead: each not in dead)  # type: ignore[misc]
    cut %= len(site.records)
    first = Engine(site.engine.config)
    before = first.step(site.records[:cut])
    second = Engine(site.engine.config)
    second.restore(first.snapshot())
    assert before + second.step(site.records[cut:]) == site.events
    assert second.snapshot() == site.engine.snapshot()
    # Whoever is silent has an alert, its own or that of an outage; whoever came again has none.
    dead = deaths[-1]
    found = site.engine.heartbeats
    assert {beat.entity for beat in found._beats.values() if beat.is_silent} >= {f"n{number}" for number in dead}
    members = [key for outage in found._outages._open.values() for key in outage.members]
    assert sorted(members) == sorted(beat.key for beat in found._beats.values() if beat.outage)


def test_ties_are_broken_by_what_a_person_looks_for_first() -> None:
    assert outages._place("entity") < outages._place("service") < outages._place("cluster")
    assert outages._place("cluster") < outages._place("alertname") < outages._place("source") < outages._place("")


def beat(number: int, **changes: object) -> Beat:
    """A stream of the service `pay` in the cluster `lab` that came at the engine time 100 + its number."""
    labels = {"cluster": "lab", "job": "beat"}
    made = Beat()
    given: dict[str, object] = {"key": f"k{number}", "name": "Beat", "entity": f"n{number}", "service": "pay"}
    given |= {"source": "prom", "labels": labels, "rule": "", "every_s": 600.0, "severity": "warning"}
    given |= {"last_at": 100.0 + number, "due_at": 700.0, "is_silent": False, "silent_at": -1.0, "outage": ""}
    for name, value in (given | changes).items():
        setattr(made, name, value)
    return made


def formed(*more: Beat) -> tuple[Outages, Outage]:
    found, beats = Outages(), [*(beat(number) for number in range(FEW)), *more]
    made = found.form(beats, [], beats, 1_000.0)
    assert made is not None
    return found, made


@pytest.mark.parametrize(
    ("changes", "joins"),
    [
        ({}, True),
        ({"entity": "elsewhere", "source": "other"}, True),
        ({"name": "Other"}, False),
        ({"service": "cart"}, False),
        ({"service": None}, False),
        ({"labels": {"cluster": "lab", "job": "other"}}, False),
        ({"labels": {"cluster": "lab"}}, False),
        ({"labels": {"cluster": "prod", "job": "beat"}}, False),
    ],
)
def test_a_stream_joins_what_states_nothing_that_it_is_not(changes: dict[str, object], joins: bool) -> None:
    found, made = formed()
    late = beat(9, **changes)
    assert found.join(late, 1_000.0 + TOGETHER_S) == joins
    assert (late.outage == made.key) == joins == ("k9" in made.members)


def test_the_alert_states_only_what_all_of_its_streams_share() -> None:
    _, made = formed(beat(8, name="Other", service="cart", labels={"cluster": "lab", "job": "other"}))
    assert (made.name, made.service, made.labels) == (MIXED, None, {"cluster": "lab"})
    assert made.began_at == 100.0, "since the first of them came last"


def test_streams_that_were_reported_alone_are_no_news_of_one_that_has_nothing_in_common() -> None:
    alone = [beat(number, is_silent=True) for number in range(FEW)]
    fresh = beat(9, name="Other", service="cart", labels={"cluster": "prod"})
    coming = [beat(20 + number, labels={}, name="Third", service=None, last_at=999.0) for number in range(MANY)]
    assert Outages().form([fresh], alone, [fresh, *alone, *coming], 1_000.0) is None
    fresh.labels = {"cluster": "lab", "job": "beat"}
    made = Outages().form([fresh], alone, [fresh, *alone, *coming], 1_000.0)
    assert made is not None
    assert len(made.members) == FEW + 1


def test_a_later_outage_of_the_same_streams_replaces_none_that_is_open() -> None:
    found, made = formed()
    before = dict(made.members)
    later = [beat(30 + number) for number in range(FEW)]
    other = found.form(later, [], later, 9_000.0)
    assert found.dump()[0] is made
    assert made.members == before
    assert other is not made


def test_the_text_is_brought_up_to_date_once_a_minute() -> None:
    found, _ = formed()
    first = found.due(1_000.0)
    assert first is not None
    assert "5 of 5 expected streams" in str(first.message)
    assert found.join(beat(7), 1_001.0)
    assert found.due(1_000.0 + UPDATE_S - 1.0) is None
    second = found.due(1_000.0 + UPDATE_S)
    assert second is not None
    assert "6 of 6 expected streams" in str(second.message), "those that joined are expected, too"
    assert found.due(9_000.0) is None, "nothing changed"


def test_an_outage_follows_engine_time_that_was_set_back() -> None:
    found, made = formed()
    assert found.due(5_000.0) is not None
    made.joined_at = 5_000.0
    found.set_back(50.0)
    assert (made.began_at, made.joined_at, made.reported_at) == (50.0, 50.0, 50.0)
    assert not found.join(beat(7), 50.0 + TOGETHER_S + 1.0)
    assert found.join(beat(8), 50.0 + TOGETHER_S)
    assert found.due(50.0 + TOGETHER_S) is not None


def test_the_trait_that_separates_best_is_chosen_and_not_the_most_common_one() -> None:
    lab = [beat(number) for number in range(10)]
    others = [beat(20 + number, labels={"cluster": "prod", "job": "beat"}) for number in range(2)]
    coming = [beat(40 + n, labels={"cluster": "prod", "job": "beat"}, last_at=999.0) for n in range(11)]
    made = Outages().form([*lab, *others], [], [*lab, *others, *coming], 1_000.0)
    assert made is not None
    assert (made.label, made.value, len(made.members)) == ("cluster", "lab", 10)


def test_streams_that_are_late_count_among_those_that_are_expected() -> None:
    _, made = formed(beat(8, key="late", last_at=500.0, is_silent=False))
    assert (made.total, len(made.members)) == (FEW + 1, FEW + 1)
    found, silent = Outages(), [beat(number) for number in range(FEW)]
    late = beat(8, last_at=500.0)
    other = found.form(silent, [], [*silent, late], 1_000.0)
    assert other is not None
    assert (other.total, len(other.members)) == (FEW + 1, FEW)


def test_the_most_that_were_silent_at_once_are_those_that_are_expected() -> None:
    found, made = formed()
    for number in (0, 1):
        found.leave(beat(number, outage=made.key))
    assert found.join(beat(7), 1_000.0)
    assert (made.most, len(made.members)) == (FEW, FEW - 1)
    alert = found.due(1_000.0)
    assert alert is not None
    assert "nothing comes from 4 of 5 expected streams" in str(alert.message)
    assert "1 came again" in str(alert.message)


def test_streams_that_are_silent_already_do_not_count_as_coming() -> None:
    silent = [beat(number) for number in range(FEW)]
    before = [beat(20 + number, is_silent=True, last_at=999.0) for number in range(FEW + 4)]
    made = Outages().form(silent, [], [*silent, *before], 1_000.0)
    assert made is not None
    assert len(made.members) == FEW


def test_the_end_is_another_message_and_a_report_that_nobody_ends_expires() -> None:
    found, made = formed()
    reported = found.due(1_000.0)
    for number in range(FEW):
        found.leave(beat(number, outage=made.key))
    ended = found.due(1_000.0)
    assert reported is not None
    assert ended is not None
    assert (reported.status, reported.ends_at) == ("firing", 1_000.0 + FORGET_S)
    assert (ended.status, ended.ends_at) == ("resolved", None)
    assert reported.id != ended.id
    assert len(found) == 0


def test_traits_of_one_stream_are_bounded() -> None:
    wide = beat(0, labels={f"label{number:03}": "x" for number in range(3 * MAX_TRAITS)})
    silent = [beat(number, labels=wide.labels) for number in range(FEW)]
    counted = [trait for trait, _ in outages._chosen(silent, silent, 1_000.0)]
    assert len(counted) == MAX_TRAITS + len(("alertname", "source", "service", "nothing in common"))


@pytest.mark.parametrize(("service", "joins"), [("pay", True), ("cart", False), (None, False)])
def test_a_stream_of_another_service_stays_out_of_what_states_a_service(service: str | None, joins: bool) -> None:
    found, beats = Outages(), [beat(number, entity="host-1") for number in range(FEW)]
    made = found.form(beats, [], beats, 1_000.0)
    assert made is not None
    assert (made.label, made.service) == ("entity", "pay")
    assert found.join(beat(9, entity="host-1", service=service), 1_000.0) == joins
