"""Lists: pages that follow each other in every order, groups, counts of facets, totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from aiops.records import Cause
from aiops.search.conditions import NARROW, Wanted
from aiops.search.listing import (
    Busy,
    Facets,
    Order,
    Sort,
    Totals,
    busy,
    facets,
    is_empty,
    lines,
    lines_of,
    open_near,
    position,
    totals,
)
from tests.search.stored import NOW, Filled, filled, incident, member

SEVERITIES = ("critical", "high", "warning")
STATES = ("open", "acknowledged", "resolved", "merged")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Forty incidents of all states and severities, many alike in what they are sorted by."""
    incidents = [
        incident(
            f"inc-{n:02}",
            member("Slow", f"e-{n}", service=f"svc-{n % 15}", source="kube" if n % 2 else "mesh"),
            severity=SEVERITIES[n % 3],
            status=STATES[n % 4],
            acknowledged_by="alice" if n % 4 == 1 else None,
            resolved_at=NOW - n * 200 if n % 4 == 2 else None,
            opened_at=NOW - 1_000 * (n % 7),
            last_alert_at=NOW - n % 5 - 0.123456,
            alert_count=n % 6,
        )
        for n in range(40)
    ]
    with filled(tmp_path_factory.mktemp("store"), *incidents) as found:
        yield found


@pytest.mark.parametrize("sort", get_args(Sort))
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_pages_follow_each_other(store: Filled, sort: Sort, ascending: bool, grouped: bool) -> None:
    order, wanted = Order(sort, ascending, grouped), Wanted(now=NOW)
    seen, before = list[str](), None
    while page := lines(store.reader, wanted, order, limit=7, before=before):
        seen += [line.id for line in page]
        before = position(page[-1], order)
    assert seen == [line.id for line in lines(store.reader, wanted, order)]
    assert sorted(seen) == [f"inc-{n:02}" for n in range(40)]


def test_groups_come_in_the_order_of_need(store: Filled) -> None:
    found = lines(store.reader, Wanted(now=NOW), Order("severity", is_grouped=True))
    assert [line.rank for line in found] == sorted((line.rank for line in found), reverse=True)
    assert [line.state for line in found[:2]] == ["open", "open"]
    ranks = {line.state: line.rank for line in found}
    assert ranks == {"open": 5, "acknowledged": 4, "recent": 2, "resolved": 1, "merged": 0}
    first = [line.severity for line in found if line.rank == 5]
    assert first == sorted(first, reverse=True)


def test_a_line_is_whole(store: Filled) -> None:
    line = next(one for one in lines(store.reader, Wanted(now=NOW), Order()) if one.id == "inc-01")
    assert (line.owner, line.services, line.sources, line.is_storm) == ("alice", ["svc-1"], ["kube"], False)
    assert (line.title, line.last_alert_at, line.opened_at) == ("Slow on e-1", NOW - 1.123456, NOW - 1_000)


def counted(store: Filled, **wanted: object) -> Facets:
    return facets(store.reader, Wanted(now=NOW, **wanted))  # type: ignore[arg-type]


def test_facets_count_the_present_result(store: Filled) -> None:
    found = counted(store, states=NARROW)
    assert found.total == 10 + 10 + sum(1 for n in range(2, 40, 4) if n * 200 <= 3_600)
    assert found.counts["severity"] == {"4": 9, "3": 8, "2": 8}
    assert found.counts["status"] == {"open": 10, "acknowledged": 10, "recent": 5}
    assert found.counts["owner"] == {"": 15, "alice": 10}
    assert found.counts["source"] == {"mesh": 15, "kube": 10}
    assert found.groups == {5: 10, 4: 10, 2: 5}
    assert len(found.counts["service"]) == 12
    assert found.counts["storm"] == {"no": 25}
    assert found.counts["age"]["15m"] == sum(1 for n in range(40) if n % 7 == 0 and n % 4 in (0, 1)) + 1
    assert found.counts["age"]["1d"] == 25


def test_a_choice_narrows_the_other_facets_and_not_its_own(store: Filled) -> None:
    found = counted(store, states=NARROW, facets={"severity": ("critical",)})
    assert found.total == 9
    assert found.counts["severity"] == {"4": 9, "3": 8, "2": 8}
    assert sum(found.counts["status"].values()) == 9
    both = counted(store, states=("open",), facets={"severity": ("critical",)})
    assert both.counts["status"] == found.counts["status"]
    assert both.total == found.counts["status"]["open"] == sum(both.groups.values())


def test_an_empty_result_has_no_counts(store: Filled) -> None:
    found = counted(store, facets={"service": ("nothing",)})
    assert (found.total, found.groups, found.counts["status"]) == (0, {}, {})
    assert sum(found.counts["service"].values()) > 0


def test_totals_count_what_needs_somebody(store: Filled) -> None:
    assert totals(store.reader) == Totals(10, 10, sum(1 for n in range(40) if n % 4 < 2 and n % 3 == 0))


def test_lines_of_ids_keep_their_order(store: Filled) -> None:
    found = lines_of(store.reader, ["inc-07", "nobody", "inc-03", "inc-07"])
    assert [line.id for line in found] == ["inc-07", "inc-03"]
    assert lines_of(store.reader, []) == []


def test_open_incidents_near_a_time_come_from_both_sides(store: Filled) -> None:
    found, count = open_near(store.reader, NOW - 2_400, "inc-00", 4)
    assert count == 19
    assert [line.opened_at - NOW for line in found] == [-2_000, -2_000, -2_000, -3_000]
    assert {line.status for line in found} <= {"open", "acknowledged"}
    plan = store.reader.execute(
        "explain query plan select id from incident_lines l where l.opened_at >= 5 and"
        " +l.status in ('open', 'acknowledged') order by l.opened_at limit 5"
    ).fetchall()
    assert "incident_lines_opened" in plan[0][3]


def test_a_busy_time_counts_serious_incidents_that_opened_of_late(store: Filled) -> None:
    late = [n for n in range(40) if n % 4 < 2 and n % 3 != 2 and n % 7 == 0]
    services = {n % 15 for n in late}
    assert busy(store.reader, NOW, 900.0) == Busy(len(late), sum(n % 6 for n in late), len(services), NOW)
    assert busy(store.reader, NOW - 99_999, 900.0) is None
    assert not is_empty(store.reader)


def test_an_assigned_incident_is_in_the_hands_of_somebody(store: Filled) -> None:
    with store.store.database.transaction() as connection:
        connection.execute("update incident_lines set owner = 'bob', snoozed_until = ? where id = 'inc-00'", (NOW - 1,))
        connection.execute("update incident_lines set owner = 'bob', snoozed_until = ? where id = 'inc-04'", (NOW + 1,))
    found = {line.id: (line.state, line.rank) for line in lines(store.reader, Wanted(now=NOW), Order())}
    assert (found["inc-00"], found["inc-04"]) == (("open", 4), ("snoozed", 3))


def test_names_of_any_payload_are_counted(store: Filled) -> None:
    names = ['a "b"', "c,d", "\u202ee", "'f"]
    store.write(incident("inc-z", *(member("Slow", n, service=n) for n in names), causes=[Cause('x"y')]))
    found = counted(store, facets={"service": (names[0],)})
    assert found.total == 1
    assert set(names) <= set(counted(store, query=None or Wanted(now=NOW).query, facets={}).counts["service"]) | set(
        lines(store.reader, Wanted(now=NOW, facets={"service": (names[1],)}), Order())[0].services
    )
