"""The form of the page of silences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aiops.pages import silence_form
from aiops.pages.silence_form import MAX_FIELD_CHARS, Form, form_of, prefilled
from aiops.web.silences import list_silences
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


def test_form_is_the_fields_of_a_request_cut_and_trimmed() -> None:
    form = form_of({"matchers": " a=b ", "comment": "x" * 99_999, "unknown": "y"})
    assert (form.matchers, form.lasts, len(form.comment)) == ("a=b", "2h", MAX_FIELD_CHARS)


def test_address_fills_the_form_with_matchers_that_are_read_back(still: Desk) -> None:
    form = prefilled({"alertname": 'Disk "full", again', "service": "cart", "entity": "", "other": "x"})
    assert len(form.matchers.splitlines()) == 2
    assert silence_form.matches(still.call(), form).recent.streams == 0


def test_form_sets_a_silence_from_now(desk: Desk) -> None:
    assert silence_form.add(desk.call(), Form("service=checkout\n\nalertname=~Check.*", "2h", comment="why")).applied
    [found] = list_silences(desk.call()).silences
    assert (found.start, found.end, found.comment, len(found.matchers)) == (NOW, NOW + 7_200, "why", 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": ""}, "1 to"),
        ({"matchers": "\n".join(f"a{n}=b" for n in range(33))}, "33"),
        ({"matchers": "a"}, "matcher"),
        ({"lasts": "2 hours"}, "expected a duration"),
        ({"lasts": "500ms"}, "expected a duration"),
        ({"lasts": "1h\n"}, "expected a duration"),
        ({"lasts": "0s"}, ""),
        ({"start": "tomorrow"}, "2026-03-01T10:00"),
        ({"start": "2026-03-01T10:00Z"}, "2026-03-01T10:00"),
        ({"start": "2026-13-01T10:00"}, ""),
        ({"every": "hour"}, "day, week, month"),
        ({"zone": "Mars/Olympus", "start": "2026-04-01T10:00"}, "Mars"),
        ({"zone": "Mars/Olympus", "every": "day"}, "Mars"),
        ({"every": "month", "days": "40"}, ""),
        ({"every": "week", "weekdays": "someday"}, ""),
    ],
    ids=str,
)
def test_form_that_does_not_fit_is_refused_with_the_field(still: Desk, change: dict[str, str], said: str) -> None:
    form = msgspec.structs.replace(Form("service=checkout"), **change)
    with refused(400, said):
        silence_form.add(still.call(), form)
    assert list_silences(still.call()).silences == []


def test_start_is_of_the_forms_zone(desk: Desk) -> None:
    silence_form.add(desk.call(), Form("a=b", "1h", start="2026-07-01T10:00", zone="Europe/Berlin"))
    [found] = list_silences(desk.call()).silences
    assert (found.start, found.end - found.start) == (1_782_892_800.0, 3_600.0)


def test_recurring_window_lasts_as_long_as_the_wall_clock_shows(desk: Desk) -> None:
    """A day of twelve hours across the end of summer time takes thirteen."""
    form = Form("a=b", "12h", start="2026-10-24T20:00", every="day", zone="Europe/Berlin")
    silence_form.add(desk.call(), form)
    [found] = list_silences(desk.call()).silences
    assert found.end - found.start == 13 * 3_600
