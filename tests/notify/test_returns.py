"""Incidents that return: one page, quiet returns, and an end that is sent once it lasts."""

from __future__ import annotations

import pytest

from aiops.engine.events import Mention
from aiops.records import Severity
from tests.notify.desk import Desk, OpenDesk

CRASH = Mention("CrashLoop", "api", Severity.HIGH)
WORSE = Mention("CrashLoop", "api", Severity.CRITICAL)
OTHER = Mention("DiskFull", "db", Severity.HIGH)
MILD = Mention("Slow", "web", Severity.WARNING)


def opened(desk: Desk) -> Desk:
    """An endpoint that got the opening."""
    desk.event("opened", "high", names=(CRASH,))
    desk.wait(60)
    return desk


def ended(desk: Desk) -> Desk:
    """An endpoint that got the opening and the end."""
    opened(desk).event("resolved", "high")
    desk.wait(60)
    return desk


def returns(desk: Desk, *names: Mention, severity: str = "high", cause: str | None = None) -> None:
    desk.event("reopened", severity, cause, names=names, is_return=True, returned_at=[desk.now])


def test_a_return_after_the_end_is_notified_once_and_calls_nobody(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned"]
    assert desk.news[-1] == ["came back once"]
    for count in range(2, 15):
        at = [desk.now - 480 * each for each in range(count)]
        desk.event("updated", "high", what=["returns"], is_return=True, returned_at=at)
        desk.wait(480)
    assert desk.changes() == ["opened", "resolved", "returned"]
    desk.event("resolved", "high", is_return=True)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned", "resolved"]


def test_a_return_settles_as_its_severity_does(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    start = desk.now
    returns(desk)
    desk.wait(60)
    assert desk.times[-1] == start + 30


def test_a_return_that_ends_while_it_settles_is_not_notified_nor_is_its_end(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(10)
    desk.event("resolved", "high", is_return=True)
    desk.wait(100)
    assert desk.changes() == ["opened", "resolved"]


def test_returns_of_an_incident_that_is_open_are_no_news(open_desk: OpenDesk) -> None:
    desk = opened(open_desk())
    desk.event("updated", "high", what=["returns"], returned_at=[desk.now])
    desk.wait(100)
    assert desk.changes() == ["opened"]


def test_an_endpoint_that_gets_no_ends_gets_no_returns(open_desk: OpenDesk) -> None:
    desk = ended(open_desk(send_resolved=False))
    returns(desk)
    desk.wait(100)
    assert desk.changes() == ["opened"]
    desk.event("updated", "high", names=(OTHER,), is_return=True)
    desk.wait(100)
    assert desk.changes() == ["opened", "updated"]
    assert desk.news[-1] == ["new: DiskFull on db (high)"]


@pytest.mark.parametrize(
    ("names", "severity", "news"),
    [
        ((WORSE,), "critical", ["worse: CrashLoop on api (critical)", "severity: now critical, was high"]),
        ((OTHER,), "high", ["new: DiskFull on db (high)"]),
        ((), "critical", ["severity: now critical, was high"]),
    ],
)
def test_a_worse_return_reopens(
    open_desk: OpenDesk, names: tuple[Mention, ...], severity: str, news: list[str]
) -> None:
    desk = ended(open_desk())
    returns(desk, *names, severity=severity)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "reopened"]
    assert desk.news[-1] == news


def test_another_suspect_alone_makes_no_return_worse(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk, cause="db-1")
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned"]


def test_what_is_below_the_endpoint_s_severity_makes_no_return_worse(open_desk: OpenDesk) -> None:
    desk = ended(open_desk(min_severity="high"))
    returns(desk, MILD)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned"]


def test_what_gets_worse_after_a_quiet_return_reopens_once(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(60)
    desk.event("updated", "critical", names=(WORSE,), what=["severity"], is_return=True)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned", "reopened"]
    desk.event("updated", "critical", names=(OTHER,), what=["alerts"], is_return=True)
    desk.wait(60)
    assert desk.changes()[-1] == "updated", "it is open for the endpoint, and somebody was called"


def test_news_that_is_not_worse_after_a_quiet_return_is_an_update(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(60)
    desk.event("updated", "high", cause="db-1", what=["cause"], is_return=True)
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned", "updated"]
    assert desk.news[-1] == ["suspected cause: db-1"]


def test_an_acknowledgement_after_a_quiet_return_is_sent_as_one(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(60)
    desk.event("acknowledged", "high", is_return=True)
    desk.wait(5)
    assert desk.changes() == ["opened", "resolved", "returned", "acknowledged"]


def test_a_return_under_a_silence_is_notified_when_the_silence_ends(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    desk.silenced = ["s-1"]
    returns(desk)
    desk.wait(100)
    assert desk.changes() == ["opened", "resolved"]
    desk.silenced = []
    desk.event("updated", "high", what=["silenced"], is_return=True, returned_at=[desk.now])
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "returned"]


def test_feedback_on_an_incident_that_has_ended_is_no_return(open_desk: OpenDesk) -> None:
    desk = ended(open_desk())
    returns(desk)
    desk.wait(60)
    desk.event("resolved", "high", is_return=True)
    desk.wait(5)
    before = desk.changes()
    desk.status = "resolved"
    desk.event("updated", "high", what=["root"], is_return=True)
    desk.wait(60)
    assert desk.changes() == before


def test_an_incident_that_a_person_had_ended_reopens(open_desk: OpenDesk) -> None:
    desk = opened(open_desk())
    desk.event("resolved", "high", by_person=True)
    desk.wait(60)
    desk.event("reopened", "high", names=(CRASH,), returned_at=[desk.now])
    desk.wait(60)
    assert desk.changes() == ["opened", "resolved", "reopened"]


# An end that is held


def test_an_end_that_is_held_is_sent_late_and_once(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0))
    at = desk.now
    desk.event("resolved", "high")
    desk.wait(1_000)
    assert desk.changes() == ["opened", "resolved"]
    assert desk.times[-1] == at + 900


def test_a_return_drops_the_end_that_is_held(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0))
    for _ in range(3):
        desk.event("resolved", "high")
        desk.wait(120)
        returns(desk)
        desk.wait(360)
    assert desk.changes() == ["opened"]
    desk.event("resolved", "high", is_return=True)
    desk.wait(1_000)
    assert desk.changes() == ["opened", "resolved"]


def test_a_worse_return_during_the_hold_is_an_update_of_what_is_open(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0))
    desk.event("resolved", "high")
    desk.wait(120)
    returns(desk, WORSE, severity="critical")
    desk.wait(60)
    assert desk.changes() == ["opened", "updated"]


def test_news_that_a_held_end_carried_is_sent_when_it_returns(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0, update_every_s=600.0))
    desk.event("updated", "high", names=(OTHER,))
    desk.event("resolved", "high")
    desk.wait(60)
    returns(desk)
    desk.wait(700)
    assert desk.changes() == ["opened", "updated"]
    assert desk.news[-1] == ["new: DiskFull on db (high)"]


def test_an_end_that_a_person_decided_is_not_held(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0))
    desk.event("resolved", "high", by_person=True)
    desk.wait(5)
    assert desk.changes() == ["opened", "resolved"]


def test_a_merge_is_not_held(open_desk: OpenDesk) -> None:
    desk = opened(open_desk(hold_resolved_s=900.0))
    desk.event("merged", "high")
    desk.wait(5)
    assert desk.changes() == ["opened", "merged"]
