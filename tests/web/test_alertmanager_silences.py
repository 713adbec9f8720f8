"""Silences over Alertmanager's API: set, updated in place or anew, ended, listed in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.matchers import read_matchers
from aiops.records import Action, Tick
from aiops.records.decode import format_time
from aiops.web.alertmanager_silences import (
    GettableSilence,
    PostableSilence,
    end_silence,
    get_silence,
    list_silences,
    post_silence,
)
from aiops.web.operations import Call
from tests.web.calls import refused
from tests.web.conftest import NOW, SmallHost

MATCHER = {"name": "team", "value": "db", "isRegex": False}


class Desk:
    """A host without alerts, and calls to it at a time."""

    def __init__(self, directory: Path) -> None:
        self.host = SmallHost(directory)
        self.now = NOW

    @property
    def call(self) -> Call:
        return Call(self.host, {}, None, None, "ann", lambda: self.now)

    def set(self, start: float = 0, end: float = 3_600, **more: Any) -> str:
        """Set a silence from so many seconds after now to so many; return its id."""
        given = {
            "matchers": [MATCHER],
            "startsAt": format_time(NOW + start),
            "endsAt": format_time(NOW + end),
            "createdBy": "bob",
            "comment": "works",
            **more,
        }
        return post_silence(self.call, msgspec.convert(given, PostableSilence)).silence_id

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now = NOW + seconds
        self.host.fold([Tick(ts=self.now)])

    def listed(self, text: str = "") -> list[GettableSilence]:
        return list_silences(self.call, read_matchers(text))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.host.fold([Tick(ts=NOW)])
    yield made
    made.host.runs.close()
    made.host.store.close()


def test_a_silence_is_set_shown_and_ended(desk: Desk) -> None:
    name = desk.set()
    [found] = desk.listed()
    assert found == get_silence(desk.call, name)
    assert (found.id, found.status.state, found.created_by, found.comment) == (name, "active", "bob", "works")
    assert (found.starts_at, found.ends_at) == (format_time(NOW), format_time(NOW + 3_600))
    assert msgspec.to_builtins(found.matchers) == [{**MATCHER, "isEqual": True}]
    desk.move(60)
    end_silence(desk.call, name)
    [ended] = desk.listed()
    assert (ended.status.state, ended.ends_at) == ("expired", format_time(NOW + 60))
    with refused(500, "has expired"):
        end_silence(desk.call, name)


def test_each_kind_of_matcher_is_kept(desk: Desk) -> None:
    given = [
        {"name": "a", "value": "1", "isRegex": False, "isEqual": True},
        {"name": "b", "value": "2", "isRegex": False, "isEqual": False},
        {"name": "c", "value": "3.*", "isRegex": True, "isEqual": True},
        {"name": "d", "value": "4|5", "isRegex": True, "isEqual": False},
    ]
    desk.set(matchers=given)
    assert msgspec.to_builtins(desk.listed()[0].matchers) == given
    assert [str(one) for one in desk.host.silences()[0].matchers] == ['a="1"', 'b!="2"', 'c=~"3.*"', 'd!~"4|5"']


def test_an_update_of_the_end_keeps_the_id(desk: Desk) -> None:
    name = desk.set()
    desk.move(60)
    assert desk.set(end=7_200, id=name, comment="longer") == name
    [found] = desk.listed()
    assert (found.starts_at, found.ends_at, found.comment) == (format_time(NOW), format_time(NOW + 7_200), "longer")
    assert found.updated_at == format_time(NOW + 60)


def test_an_update_of_the_matchers_ends_it_and_sets_another(desk: Desk) -> None:
    name = desk.set()
    other = desk.set(id=name, matchers=[{**MATCHER, "value": "web"}])
    assert other != name
    assert [(one.id, one.status.state) for one in desk.listed()] == [(other, "active"), (name, "expired")]


def test_an_expired_silence_is_set_anew_under_another_id(desk: Desk) -> None:
    name = desk.set(end=30)
    desk.move(60)
    other = desk.set(id=name, end=90)
    assert [(one.id, one.status.state) for one in desk.listed()] == [(other, "active"), (name, "expired")]


def test_a_pending_silence_is_moved_and_one_that_began_is_not(desk: Desk) -> None:
    name = desk.set(start=100)
    assert desk.listed()[0].status.state == "pending"
    assert desk.set(start=200, id=name) == name
    desk.move(250)
    assert desk.set(start=300, id=name) != name


def test_a_start_in_the_past_is_now(desk: Desk) -> None:
    desk.set(start=-600)
    assert desk.listed()[0].starts_at == format_time(NOW)


def test_active_ones_come_first_then_pending_then_expired(desk: Desk) -> None:
    over, early = desk.set(end=10), desk.set(end=20)
    desk.move(60)
    late, soon = desk.set(end=900), desk.set(end=300)
    pending = desk.set(start=200, end=400)
    assert [one.id for one in desk.listed()] == [soon, late, pending, early, over]


def test_a_filter_wants_the_same_matcher(desk: Desk) -> None:
    name = desk.set()
    desk.set(matchers=[{**MATCHER, "value": "d.*", "isRegex": True}])
    assert [one.id for one in desk.listed("team=db")] == [name]
    assert desk.listed("team!=db") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": [{**MATCHER, "value": "(", "isRegex": True}]}, "regular expression"),
        ({"matchers": [{**MATCHER, "value": ".*", "isRegex": True}]}, "match every alert"),
        ({"matchers": [{**MATCHER, "value": "(?=x)", "isRegex": True}]}, "RE2"),
        ({"end": -1}, "startsAt must be before endsAt"),
        ({"start": -20, "end": -10}, "a time to come"),
        ({"startsAt": "tomorrow"}, "startsAt"),
        ({"endsAt": "9999-01-01T00:00:00Z"}, "until"),
    ],
    ids=str,
)
def test_a_silence_that_does_not_fit_is_400_and_sets_nothing(desk: Desk, change: dict[str, Any], said: str) -> None:
    with refused(400, said):
        desk.set(**change)
    assert desk.listed() == []


def test_an_id_that_is_not_known_is_404_where_clients_know_that(desk: Desk) -> None:
    with refused(404, "not found"):
        get_silence(desk.call, "none")
    with refused(404, "not found"):
        desk.set(id="none")
    with refused(500, "not found"):
        end_silence(desk.call, "none")


def test_a_maintenance_window_is_shown_by_its_occurrence_and_changed_elsewhere(desk: Desk) -> None:
    args = {"id": "w", "matchers": "team=db", "from": str(NOW - 86_300), "until": str(NOW - 86_000), "every": "day"}
    desk.host.fold([Action(ts=NOW, verb="silence", actor="ann", args=args, message="backup")])
    [found] = desk.listed()
    assert (found.status.state, found.comment) == ("pending", "backup [each day (UTC)]")
    assert (found.starts_at, found.ends_at) == (format_time(NOW + 100), format_time(NOW + 400))
    with refused(400, "aiops silences end w"):
        end_silence(desk.call, "w")
    with refused(400, "it recurs"):
        desk.set(id="w")


def test_an_engine_that_does_not_answer_is_503(desk: Desk) -> None:
    desk.host.busy = True
    with refused(503, "did not answer"):
        desk.set()
