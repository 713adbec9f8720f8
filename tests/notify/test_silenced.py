"""A silenced incident is no news to anybody until its silence ends; its end is notified as ever."""

from __future__ import annotations

from aiops.engine.events import IncidentChanged, Mention
from aiops.notify.dispatcher import REMIND_EVERY_S
from aiops.records import Incident, Severity
from aiops.store.store import FrameDecisions, Store
from tests.notify.bench import Bench, endpoint
from tests.notify.desk import OpenDesk

DOWN = Mention("ServiceDown", "web", Severity.CRITICAL)
SLOW = Mention("CartSlow", "cart", Severity.CRITICAL)


def test_news_is_held_and_what_is_still_true_is_said_when_the_silence_ends(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.silence("s")
    desk.event("updated", "critical", cause="db-1", names=(SLOW,))
    desk.event("updated", "critical", cause="db-2")
    desk.wait(200)
    assert desk.changes() == ["opened"]
    desk.silence()
    desk.event("updated", "critical", cause="db-2")
    desk.wait(20)
    assert desk.changes() == ["opened", "updated"]
    assert desk.news[-1] == ["new: CartSlow on cart (critical)", "suspected cause: db-2"]


def test_nothing_new_in_a_silence_is_no_message_at_its_end(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.silence("s")
    desk.silence()
    desk.wait(100)
    assert desk.changes() == ["opened"]


def test_news_that_waits_when_a_silence_is_set_is_held_too(open_desk: OpenDesk) -> None:
    desk = open_desk(update_every_s=60.0)
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.event("updated", "critical", names=(SLOW,))
    desk.wait(10)
    desk.silence("s")
    desk.wait(200)
    assert desk.changes() == ["opened"]
    desk.silence()
    desk.wait(6)
    assert desk.news[-1] == ["new: CartSlow on cart (critical)"]


def test_an_opening_that_settles_is_held_and_goes_out_when_the_silence_ends(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 5.0})
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(4)
    desk.silence("s")
    desk.event("updated", "critical", cause="db-1")
    desk.wait(100)
    assert desk.changes() == []
    desk.silence()
    desk.wait(6)
    assert desk.changes() == ["opened"]


def test_an_incident_that_ends_in_its_silence_is_notified_to_who_knew_it(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.silence("s")
    desk.event("resolved", "critical")
    desk.wait(10)
    assert desk.changes() == ["opened", "resolved"]


def test_a_reopening_in_a_silence_is_said_as_one_when_it_ends(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.event("resolved", "critical")
    desk.wait(6)
    desk.silenced = ["s"]
    desk.event("reopened", "critical", names=(DOWN,))
    desk.wait(100)
    assert desk.changes() == ["opened", "resolved"]
    desk.silence()
    desk.wait(10)
    assert desk.changes() == ["opened", "resolved", "reopened"]


def test_a_person_who_acknowledges_is_heard_of_and_a_note_for_people_goes_out(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.silence("s")
    desk.event("updated", "critical", what=["note"])
    desk.wait(1)
    desk.event("acknowledged", "critical")
    desk.wait(1)
    assert desk.changes() == ["opened", "updated", "acknowledged"]


def test_a_silenced_incident_is_not_reminded_of_and_again_when_the_silence_ends(store: Store) -> None:
    bench = Bench(store, endpoint(repeat_interval_s=60.0))
    sink = bench.sinks["pager"]
    change(bench, 1, [])
    bench.put("i-1", 1)
    bench.go(10)
    change(bench, 2, ["s"])
    bench.go(200)
    assert len(sink.asked) == 1
    change(bench, 3, [])
    bench.go(REMIND_EVERY_S + 2)
    assert [message.repeats for message in sink.asked] == [0, 1]


def change(bench: Bench, version: int, silenced_by: list[str]) -> None:
    incident = Incident(id="i-1", severity="critical", status="open", opened_at=1.0, silenced_by=silenced_by)
    event = IncidentChanged(version, 1.0, "updated", incident, version, ["silenced"])
    bench.store.apply([FrameDecisions(bench.store.applied(), bench.clock.now, [event])])
