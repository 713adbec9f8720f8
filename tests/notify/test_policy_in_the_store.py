"""When to tell whom: the policy and the outbox together, on a clock of the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.events import IncidentChange
from aiops.notify.policy import SLOW_EVERY_S
from aiops.records import Severity
from tests.notify.desk import SETTLE, Desk, OpenDesk


@pytest.mark.parametrize(("severity", "settle_s"), SETTLE.items())
def test_an_opening_settles_by_its_severity(open_desk: OpenDesk, severity: str, settle_s: float) -> None:
    desk = open_desk()
    desk.event("opened", severity)
    desk.wait(settle_s - 1)
    assert desk.sent == []
    desk.wait(1)
    assert desk.sent == [("opened", severity, 1)]


@pytest.mark.parametrize("end", ["resolved", "merged"])
def test_what_ends_before_it_was_told_is_never_told(open_desk: OpenDesk, end: IncidentChange) -> None:
    desk = open_desk()
    desk.event("opened")
    desk.wait(20)
    desk.event("updated", "high")
    desk.event("acknowledged", "high")
    desk.wait(10)
    desk.event(end, "high")
    desk.wait(200)
    assert desk.sent == []
    desk.event("reopened", "critical")
    desk.wait(10)
    assert desk.sent == [("opened", "critical", 5)], "the first that anybody hears of it is that it opened"


def test_an_incident_that_gets_worse_while_it_settles_is_told_sooner_and_once(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "warning")
    desk.wait(10)
    desk.event("updated", "critical")
    desk.wait(5)
    assert desk.sent == [("opened", "critical", 1)]
    desk.wait(100)
    assert len(desk.sent) == 1


def test_updates_are_told_for_what_matters_only(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "high")
    desk.wait(31)
    desk.event("updated", "high")
    desk.event("updated", "warning")
    desk.wait(100)
    assert desk.changes() == ["opened"]
    desk.event("updated", "high", cause="db-1")
    desk.wait(100)
    desk.event("updated", "high", cause="db-2")
    desk.wait(100)
    desk.event("updated", "critical", cause="db-2")
    desk.wait(100)
    desk.event("acknowledged", "critical")
    desk.event("resolved", "critical")
    desk.wait(1)
    assert desk.changes() == ["opened", "updated", "updated", "updated", "acknowledged", "resolved"]
    assert desk.news[1:4] == [
        ["suspected cause: db-1"],
        ["suspected cause: db-2, was db-1"],
        ["severity: now critical, was high"],
    ]


def test_an_incident_that_comes_back_for_a_moment_is_not_told_again(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened")
    desk.wait(61)
    desk.event("resolved")
    desk.wait(10)
    desk.event("reopened")
    desk.wait(20)
    desk.event("resolved")
    desk.wait(200)
    assert desk.changes() == ["opened", "resolved"]
    desk.event("reopened")
    desk.wait(61)
    desk.event("resolved")
    desk.wait(1)
    assert desk.changes() == ["opened", "resolved", "reopened", "resolved"]


def test_the_younger_of_two_merged_incidents_ends(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", id="i-1")
    desk.event("opened", "critical", id="i-2")
    desk.wait(6)
    desk.event("merged", "critical", id="i-2")
    desk.wait(1)
    assert desk.sent == [("opened", "critical", 1), ("opened", "critical", 1), ("merged", "critical", 2)]


def test_below_the_threshold_nobody_is_told_until_it_rises(open_desk: OpenDesk) -> None:
    desk = open_desk(min_severity="high")
    desk.event("opened", "warning")
    desk.wait(100)
    desk.event("updated", "critical")
    desk.wait(5)
    assert desk.sent == [("opened", "critical", 2)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["updated", "updated", "acknowledged", "resolved", "reopened", "wait"]),
        st.sampled_from(["warning", "high", "critical"]),
        st.sampled_from([None, "db-1", "db-2"]),
        st.integers(0, 90),
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, cap=st.integers(0, 4))
def test_whatever_happens_to_an_incident(
    steps: list[tuple[str, str, str | None, int]], cap: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Few updates beyond the cap; ends only after beginnings; the last word is right, whatever the cap."""
    desk = Desk(tmp_path_factory.mktemp("policy"), max_updates=cap)
    try:
        desk.event("opened")
        is_over, worst = False, Severity.WARNING
        for what, severity, cause, seconds in steps:
            if what == "wait":
                desk.wait(seconds)
            elif (what == "reopened") == is_over:
                desk.event(what, severity, cause)  # type: ignore[arg-type]
                is_over = what == "resolved"
                worst = max(worst, Severity[severity.upper()])
        desk.wait(300)
        told = desk.changes()
        # An acknowledgement lets go at once what waits.
        hastened = any(what == "acknowledged" for what, *_ in steps)
        updates, before = 0, -1e9
        for change, at, news in zip(told, desk.times, desk.news, strict=True):
            updates = 0 if change in ("opened", "reopened") else updates + (change == "updated")
            is_rise = any(line.startswith("severity:") for line in news)
            assert updates <= cap or change != "updated" or is_rise or at - before >= SLOW_EVERY_S or hastened
            before = at
        assert told.count("opened") <= 1
        open_now = False
        for change in told:
            assert (change in ("opened", "reopened")) == (not open_now), told
            open_now = change != "resolved"
        versions = [version for _, _, version in desk.sent]
        assert versions == sorted(set(versions))
        assert open_now == (not is_over), "what is over is never left open, nor what is open left over"
    finally:
        desk.store.close()


def test_what_comes_back_or_is_acknowledged_is_told_beyond_the_cap(open_desk: OpenDesk) -> None:
    desk = open_desk(max_updates=0)
    desk.event("opened", "critical")
    desk.wait(10)
    for _ in range(3):
        desk.event("acknowledged", "critical")
        desk.event("resolved", "critical")
        desk.wait(60)
        desk.event("reopened", "critical")
        desk.wait(60)
    assert desk.changes() == ["opened", *["acknowledged", "resolved", "reopened"] * 3]


def test_an_incident_that_flaps_comes_back_at_most_once_in_a_while(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0}, update_every_s=15.0)
    desk.event("opened", "critical")
    desk.wait(1)
    for _ in range(60):
        desk.event("resolved", "critical")
        desk.wait(1)
        desk.event("reopened", "critical")
        desk.wait(1)
    desk.wait(20)
    assert desk.changes()[:3] == ["opened", "resolved", "reopened"]
    assert 6 <= desk.changes().count("reopened") <= 9, "two minutes hold eight quarters of one"
    assert desk.changes()[-1] == "reopened"


def test_what_came_back_milder_and_gets_worse_is_told(open_desk: OpenDesk) -> None:
    desk = open_desk(max_updates=1)
    desk.event("opened", "warning")
    desk.wait(61)
    desk.event("updated", "critical")
    desk.wait(10)
    desk.event("resolved", "critical")
    desk.wait(60)
    desk.event("reopened", "warning")
    desk.wait(61)
    desk.event("updated", "critical")
    desk.wait(10)
    assert desk.changes() == ["opened", "updated", "resolved", "reopened", "updated"]
    assert desk.sent[-1][1] == "critical"


def test_the_same_events_make_the_same_rows(tmp_path: Path) -> None:
    rows = []
    for name in ("a", "b"):
        desk = Desk(tmp_path / name)
        for change in ("opened", "updated", "acknowledged", "resolved"):
            desk.event(change, "critical", "db-1")
            desk.wait(7)
        rows.append(
            [(row.key, row.change, row.due_at, row.body, row.link) for row in desk.store.outbox.rows(None, 100)]
        )
        desk.store.close()
    assert rows[0] == rows[1]
    assert rows[0][0][4] == "https://aiops.example.org/incidents/i-1"
