"""Alerts by name: the most severe first, common labels lifted, everything that is left out counted."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aiops.views.alert_groups import MAX_BARS, MAX_COMMON, MAX_GROUPS, MAX_ROWS, MIN_ROWS, alert_groups
from tests.views.incidents import START, alerts, minute, stream

LABELS = st.dictionaries(st.sampled_from(["env", "region", "team", "alertname"]), st.sampled_from(["a", "b"]))


def test_the_most_severe_name_comes_first_then_the_most_frequent() -> None:
    found = alert_groups(
        alerts(
            stream("Slow", "web", severity=2, count=90),
            stream("Down", "db", severity=4),
            stream("Busy", "cart", severity=2, count=99),
        ),
        3,
    )
    assert [group.name for group in found.groups] == ["Down", "Busy", "Slow"]
    assert (found.kinds, found.stream_count, found.described) == (3, 3, 3)


def test_labels_of_all_are_lifted_and_those_of_a_name_with_it() -> None:
    found = alert_groups(
        alerts(
            stream("Slow", "web-0", labels={"env": "prod", "kind": "slow", "pod": "web-0", "zone": "1"}),
            stream("Slow", "web-1", labels={"env": "prod", "kind": "slow", "pod": "web-1", "zone": "2"}),
            stream("Down", "db", labels={"env": "prod"}),
        ),
        3,
    )
    assert found.common == {"env": "prod"}
    slow = next(group for group in found.groups if group.name == "Slow")
    assert slow.labels == {"kind": "slow"}
    assert sorted(row.labels["zone"] for row in slow.rows) == ["1", "2"]
    assert all(set(row.labels) == {"zone"} for row in slow.rows)


def test_nothing_is_common_where_the_labels_of_one_are_not_known() -> None:
    assert alert_groups(alerts(stream("A", "x", labels={"env": "prod"}), stream("B", "y")), 2).common == {}


def test_the_newest_message_and_link_are_shown() -> None:
    found = alert_groups(
        alerts(
            stream("Slow", "a", message="old", url="https://old.example", last_at=START),
            stream("Slow", "b", message="new", last_at=START + 9, source="mesh"),
            stream("Slow", "c", last_at=START + 99, runbook_url="https://r.example"),
        ),
        3,
    )
    [group] = found.groups
    assert (group.message, group.url, group.runbook_url) == ("new", "https://old.example", "https://r.example")
    assert (group.sources, group.entities, group.streams) == (["mesh"], 3, 3)


def test_what_does_not_fit_is_counted() -> None:
    many = [stream("Slow", f"web-{number}") for number in range(MAX_ROWS + 5)]
    names = [stream(f"Name{number}", "db") for number in range(MAX_GROUPS)]
    found = alert_groups(alerts(*many, *names), 5_000)
    assert len(found.groups) == MAX_GROUPS
    assert found.more == 1
    slow = next(group for group in found.groups if group.name == "Slow")
    assert (len(slow.rows), slow.more, slow.entities) == (MIN_ROWS, MAX_ROWS + 5 - MIN_ROWS, MAX_ROWS + 5)
    [alone] = alert_groups(alerts(*many), 17).groups
    assert (len(alone.rows), alone.more) == (MAX_ROWS, 5)
    assert found.stream_count == 5_000
    wide = {f"label{number}": "x" for number in range(99)}
    assert len(alert_groups(alerts(stream("A", "x", labels=wide)), 1).common) == MAX_COMMON


def test_minutes_give_the_exact_count_and_the_bars() -> None:
    own = [minute(0, "web", 5, name="Slow"), minute(2, "web", 7, name="Slow"), minute(2, "db", 1, name="Down")]
    found = alert_groups(alerts(stream("Slow", "web", last_at=START + 180), minutes=tuple(own)), 1)
    assert found.groups[0].counts == [5, 0, 7, 0]
    assert found.groups[0].count == 12


def test_a_day_of_minutes_is_as_many_bars_as_fit() -> None:
    own = tuple(minute(number, "web", 1, name="Slow") for number in range(1_440))
    [group] = alert_groups(alerts(stream("Slow", "web", last_at=START + 1_439 * 60), minutes=own), 1).groups
    assert len(group.counts) <= MAX_BARS + 1
    assert sum(group.counts) == 1_440


def test_no_alerts_are_no_groups() -> None:
    assert alert_groups(alerts(), 0).groups == []


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"), LABELS), max_size=12))
def test_a_common_label_is_one_of_every_stream(given_: list[tuple[str, str, dict[str, str]]]) -> None:
    streams = [stream(name, entity, labels=labels) for name, entity, labels in given_]
    found = alert_groups(alerts(*streams), len(streams))
    for name, value in found.common.items():
        assert all(one.labels[name] == value for one in streams)
    for group in found.groups:
        own = [one for one in streams if one.name == group.name]
        assert all(one.labels[name] == value for one in own for name, value in group.labels.items())
        assert group.count == len(own)


def test_firing_names_and_rows_come_before_ended_ones_however_severe() -> None:
    ended: dict[str, Any] = {"is_firing": False, "ended_at": START + 90}
    found = alert_groups(
        alerts(
            stream("Down", "db", severity=4, **ended),
            stream("Slow", "a", severity=3, **ended),
            *[stream("Slow", f"b-{number}", severity=2) for number in range(MAX_ROWS)],
        ),
        MAX_ROWS + 2,
    )
    slow, down = found.groups
    assert (slow.name, slow.firing, slow.ended_at, slow.more, slow.more_firing) == ("Slow", MAX_ROWS, None, 1, 0)
    assert all(row.is_firing for row in slow.rows)
    assert (down.firing, down.ended_at, down.rows[0].ended_at) == (0, START + 90, START + 90)


def test_firing_rows_that_do_not_fit_are_counted() -> None:
    [group] = alert_groups(alerts(*[stream("Slow", f"b-{number}") for number in range(MAX_ROWS + 3)]), 15).groups
    assert (group.more, group.more_firing) == (3, 3)


def test_a_message_has_the_time_of_its_own_alert() -> None:
    found = alert_groups(alerts(stream("Slow", "a", message="old", message_at=START - 5, last_at=START + 900)), 1)
    assert (found.groups[0].message_at, found.groups[0].rows[0].message_at) == (START - 5, START - 5)
    assert alert_groups(alerts(stream("Slow", "a")), 1).groups[0].message_at is None
