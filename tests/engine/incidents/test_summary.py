"""Titles and sentences for people: they name what was counted."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.incidents.clusters import ClusterState, MemberState, new_cluster
from aiops.engine.incidents.summary import (
    MAX_SENTENCES,
    MAX_SHOWN,
    MAX_TITLE,
    distinct,
    evidence_of,
    is_capped,
    shown,
    summary,
    title,
    worst_of,
)
from aiops.records import Affected
from tests.engine.made import made

T0 = 1_795_000_000.0


def member(number: int, severity: int = 3, at: float = 0.0, **more: Any) -> MemberState:
    given: dict[str, Any] = {"count": 2, "firing": 1, **more}
    named = {"fingerprint": f"f{number}", "name": f"A{number}", "entity": f"e{number}", "service": None, "source": None}
    times = {"severity": severity, "first_at": T0 + at, "last_at": T0 + at}
    return made(MemberState, number=number, cluster=1, **named, **times, callers={}, labels={}, **given)


def cluster(**more: Any) -> ClusterState:
    found = new_cluster(1, T0)
    found.last_at = T0 + 90
    for name, value in more.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "A1 on e1"), (2, "A1 on e1 and 1 more entity"), (40, "A1 on e1 and 39 more entities")],
)
def test_title_names_the_worst_alert_and_how_much_more_there_is(count: int, text: str) -> None:
    assert title(cluster(), member(1), count) == text


def test_title_counts_the_entities_of_a_workload() -> None:
    alike = Affected("cart", "e1", 4, "pod")
    assert title(cluster(), member(1), 4, alike) == "A1 on cart, 4 pods"
    assert title(cluster(), member(1), 5, alike) == "A1 on cart, 4 pods, and 1 more entity"


def test_title_of_nothing_is_an_incident() -> None:
    assert title(cluster(), None, 0) == "Incident"


def test_long_title_is_cut() -> None:
    long = member(1)
    long.name = "x" * 5_000
    found = title(cluster(), long, 1)
    assert len(found) == MAX_TITLE
    assert found.endswith("…")


def test_title_says_at_least_where_no_more_were_counted() -> None:
    many = cluster(beyond={f"e{number}": None for number in range(100_000)})
    assert is_capped(many)
    assert "at least" in title(many, member(1), 100_000)
    assert not is_capped(cluster())


def test_worst_is_the_most_severe_then_the_one_with_most_alerts() -> None:
    members = [member(1, 2, count=99), member(2, 4, count=1), member(3, 4, count=5), member(4, 4, count=5)]
    worst = worst_of(members)
    assert worst is not None
    assert worst.number == 3
    assert worst_of([]) is None


def test_summary_counts_alerts_kinds_entities_and_what_fires() -> None:
    members = [member(1), member(2)]
    [line] = summary(cluster(count=4, firing=2), members, ["e1", "e2"], {})
    for part in ("4 alerts", "2 kinds", "2 entities", "2 streams still firing"):
        assert part in line


def test_summary_says_what_is_only_counted() -> None:
    lines = summary(cluster(count=4, firing=0, overflow=7), [member(1)], ["e1"], {})
    assert "at least 1 kind" in lines[0]
    assert "7 further alerts" in lines[-1]


def test_flapping_streams_are_named_up_to_three() -> None:
    members = [member(number, notes=("flapping: held as firing",)) for number in range(5)]
    [_, flapping] = summary(cluster(count=5, firing=5), members, ["e"], {})
    assert flapping.startswith("5 alert streams flapping")
    assert flapping.count(" on e") == 3


def test_members_are_shown_by_severity_then_time_and_in_part() -> None:
    members = [member(n, severity=n % 3, at=float(-n)) for n in range(MAX_SHOWN + 50)]
    found = shown(members, {})
    assert len(found) == MAX_SHOWN
    keys = [({"ok": 0, "info": 1, "warning": 2}[one.severity] * -1, one.first_at) for one in found]
    assert keys == sorted(keys)
    assert len(shown(members, {}, 1_000)) == len(members)


def test_order_of_the_members_does_not_show() -> None:
    members = [member(n, severity=n % 2, at=float(n % 3)) for n in range(9)]
    assert shown(members, {}) == shown(members[::-1], {})


def test_member_that_fires_no_more_is_resolved() -> None:
    [one] = shown([member(1, firing=0)], {})
    assert one.status == "resolved"


def test_sentences_are_made_once_and_bounded() -> None:
    sentences: dict[int, Any] = {number: [] for number in range(10, MAX_SENTENCES + 10)}
    first = member(1)
    assert evidence_of(first, sentences) == []
    assert len(sentences) == MAX_SENTENCES


def test_repeats_are_left_out_in_their_order() -> None:
    assert distinct(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
