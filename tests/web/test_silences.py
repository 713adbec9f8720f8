"""Silences over the API: checked before the engine is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.errors import AiopsError
from aiops.web import bodies, silences
from tests.web.calls import Desk, desk_in, refused
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def silence(**more: Any) -> Any:
    given = {"matchers": ["service=checkout"], "until": NOW + 3_600, **more}
    return msgspec.convert(given, bodies.NewSilence)


def test_silence_is_added_listed_and_ended(desk: Desk) -> None:
    assert silences.add_silence(desk.call(silence(id="deploy", comment="release"))).applied
    [found] = silences.list_silences(desk.call()).silences
    assert (found.id, found.end, found.comment) == ("deploy", NOW + 3_600, "release")
    assert silences.end_silence(desk.call(id="deploy")).applied
    assert silences.list_silences(desk.call()).silences == []


def test_silence_without_a_name_gets_one(desk: Desk) -> None:
    silences.add_silence(desk.call(silence()))
    silences.add_silence(desk.call(silence()))
    names = {one.id for one in silences.list_silences(desk.call()).silences}
    assert len(names) == 2
    assert all(name.startswith("silence-") for name in names)


def test_silence_of_a_known_name_replaces_it(desk: Desk) -> None:
    silences.add_silence(desk.call(silence(id="a")))
    silences.add_silence(desk.call(silence(id="a", until=NOW + 60)))
    assert [one.end for one in silences.list_silences(desk.call()).silences] == [NOW + 60]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": ["a=~("]}, ""),
        ({"matchers": ["a=~(?=x)"]}, ""),
        ({"matchers": ["no matcher"]}, "matcher"),
        ({"until": NOW - 1}, ""),
        ({"until": "tomorrow"}, "until"),
        ({"from": NOW + 7_200}, ""),
        ({"zone": "Mars/Olympus"}, "Mars"),
        ({"every": "week", "days": [1]}, ""),
        ({"weekdays": ["mon"]}, ""),
    ],
    ids=str,
)
def test_silence_that_does_not_fit_is_400_and_sets_nothing(still: Desk, change: dict[str, Any], said: str) -> None:
    with refused(400, said):
        silences.add_silence(still.call(silence(**change)))
    with refused(400, said):
        silences.preview_silence(still.call(silence(**change)))
    assert silences.list_silences(still.call()).silences == []


def test_preview_counts_and_sets_nothing(still: Desk) -> None:
    found = silences.preview_silence(still.call(silence()))
    assert "3 streams" in str(found)
    assert silences.list_silences(still.call()).silences == []


def test_preview_that_the_engine_does_not_answer_is_503(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(silence: object) -> None:
        raise AiopsError("the engine did not answer")

    monkeypatch.setattr(desk.host, "preview", fail)
    with refused(503, "did not answer"):
        silences.preview_silence(desk.call(silence()))


def test_end_of_a_silence_that_is_not_there_is_404(still: Desk) -> None:
    with refused(404, "'gone'"):
        silences.end_silence(still.call(id="gone"))


def test_recurring_window_follows_its_zone(desk: Desk) -> None:
    window = silence(id="w", every="week", weekdays=["mon", "tue"], zone="Europe/Berlin")
    silences.add_silence(desk.call(window))
    [found] = silences.list_silences(desk.call()).silences
    assert found.recurrence()
    assert "Europe/Berlin" in found.recurrence()
