"""Which incidents are read of, and when."""

from __future__ import annotations

from typing import Any

from aiops.daemon.collect_queue import MAX_REMEMBERED, CollectQueue, Wanted
from aiops.engine.events import IncidentChanged, Notice
from aiops.records import Incident, Rejection, Suggestion


def change(
    kind: str = "updated", version: int = 1, *names: str, is_return: bool = False, **fields: Any
) -> IncidentChanged:
    suggested = [Suggestion(name) for name in names or ("oom",)]
    incident = Incident(**{"id": "i-1", "status": "open", "playbooks": suggested, **fields})
    return IncidentChanged(1, 1.0, kind, incident, version, [], is_return=is_return)  # type: ignore[arg-type]


def waiting(queue: CollectQueue) -> list[Wanted]:
    found = []
    while len(queue):
        one = queue.take()
        assert one is not None
        found.append(one)
        queue.release(one)
    return found


def test_an_incident_is_read_of_once_for_each_playbook() -> None:
    queue = CollectQueue(["oom", "disk"])
    queue.see([change("opened"), change(), Notice(1, "cap", "x"), change("updated", 3, "disk"), change()])
    assert waiting(queue) == [Wanted("i-1", "oom"), Wanted("i-1", "disk")]


def test_a_new_life_is_read_of_again_and_a_return_is_not() -> None:
    queue = CollectQueue(["oom"])
    queue.see([change("opened"), change("reopened", 5, is_return=True), change("reopened", 9), change("updated", 10)])
    assert waiting(queue) == [Wanted("i-1", "oom"), Wanted("i-1", "oom", 9)]


def test_what_is_not_read_of() -> None:
    queue = CollectQueue(["oom"])
    queue.see(
        [
            change("updated", 1, "other", "oom"),
            change(playbooks=[]),
            change(is_storm=True),
            change(status="resolved"),
            change("resolved"),
            change("merged", status="merged"),
            change(rejected=[Rejection("oom", 1.0, "ann", "no")]),
        ]
    )
    assert waiting(queue) == []


def test_the_second_suggestion_follows_a_rejected_one() -> None:
    queue = CollectQueue(["disk"])
    queue.see([change("updated", 1, "oom", "disk", rejected=[Rejection("oom", 1.0, "ann", "no")])])
    assert waiting(queue) == [Wanted("i-1", "disk")]


def test_a_storm_of_incidents_fills_the_queue_and_no_more() -> None:
    queue = CollectQueue(["oom"], most=3)
    queue.see([change(id=f"i-{n}") for n in range(10)])
    assert (len(queue), queue.left_out) == (3, 7)


def test_it_remembers_a_bounded_number() -> None:
    queue = CollectQueue(["oom"], most=2)
    queue.see(change(id=f"i-{n}") for n in range(MAX_REMEMBERED + 1))
    queue.see([change(id="i-1")])
    assert queue.left_out == MAX_REMEMBERED - 1
    queue.see([change(id="i-0")])
    assert queue.left_out == MAX_REMEMBERED, "forgotten, and so taken in again; the store knows what was read"


def test_an_incident_is_with_one_worker_at_a_time() -> None:
    queue = CollectQueue(["oom", "disk"])
    queue.see([change(), change("updated", 2, "disk"), change(id="i-2")])
    first = queue.take()
    assert first == Wanted("i-1", "oom")
    assert queue.take() == Wanted("i-2", "oom"), "the other playbook of the first waits"
    queue.release(first)
    assert queue.take() == Wanted("i-1", "disk")


def test_what_a_crash_cut_off_is_not_added_by_its_next_update() -> None:
    queue = CollectQueue(["oom"])
    queue.put(Wanted("i-1", "oom"))
    queue.see([change()])
    assert waiting(queue) == [Wanted("i-1", "oom")]


def test_after_the_end_there_is_nothing() -> None:
    queue = CollectQueue(["oom"])
    queue.put(Wanted("i-1", "oom"))
    queue.end()
    assert queue.take() is None
