"""A silence from an action's arguments, and back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.silences.actions import MAX_ID_CHARS, arguments, parse_matchers, parse_moment, parse_silence
from aiops.errors import UsageError
from aiops.records import Action

T0 = 1_795_000_000.0


def action(**args: str) -> Action:
    given_args = {"id": "s", "matchers": "service=web", "until": str(T0 + 600), **args}
    return Action(ts=T0, verb="silence", id="act", message="why", args={k: v for k, v in given_args.items() if v})


def test_silence_begins_with_its_action_unless_it_says_when() -> None:
    found = parse_silence(action())
    assert (found.id, found.start, found.end, found.comment) == ("s", T0, T0 + 600, "why")
    assert parse_silence(action(id="")).id == "act"
    assert parse_silence(action(**{"from": str(T0 + 60)})).start == T0 + 60


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"until": ""}, r"\$\.args\.until"),
        ({"until": str(T0)}, "after its start"),
        ({"until": "nan"}, "expected a time"),
        ({"until": "inf"}, "expected a time"),
        ({"until": "-5"}, "expected a time"),
        ({"until": "9e99"}, "expected a time"),
        ({"until": "0001-01-01T00:00:00"}, "expected a time"),
        ({"until": "9999-12-31T23:59:59+14:00"}, "expected a time"),
        ({"until": "tomorrow" * 99}, "expected a time"),
        ({"every": "hour"}, r"\$\.args\.every"),
        ({"id": "x" * (MAX_ID_CHARS + 1)}, r"\$\.args\.id"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"weekdays": "mon"}, "every = week"),
        ({"days": "1"}, "every = month"),
        ({"every": "week", "weekdays": "someday"}, "weekdays"),
        ({"every": "month", "days": "0"}, "days"),
        ({"every": "month", "days": "32"}, "days"),
        ({"every": "month", "days": "-2"}, "days"),
        ({"every": "month", "days": "1.5"}, "days"),
        ({"every": "day", "until": str(T0 + 90_000)}, "silence"),
        ({"matchers": "[]"}, r"\$\.args\.matchers"),
        ({"matchers": "[" * 5_000}, r"\$\.args\.matchers"),
        ({"matchers": '[{"label": "a", "op": "~", "value": "x"}]'}, r"\$\.args\.matchers"),
        ({"matchers": 'service=~".*"'}, r"\$\.args\.matchers"),
        ({"matchers": "service!=web"}, r"\$\.args\.matchers"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_argument_that_does_not_fit_is_named(args: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_silence(action(**args))
    assert len(str(caught.value)) < 600


def test_silence_that_is_over_is_refused_only_where_the_time_is_known() -> None:
    assert parse_silence(action()).end == T0 + 600
    with pytest.raises(UsageError, match="it ended 400 s ago"):
        parse_silence(action(), T0 + 1_000)
    recurring = action(every="day")
    assert parse_silence(recurring, T0 + 90 * 86_400).every == "day"


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"every": "week", "weekdays": "sun, MON", "zone": "Europe/Berlin"},
        {"every": "month", "days": "last,1,15,1"},
        {"every": "day"},
        {"matchers": '[{"label": "a b", "op": "=", "value": "x,\\"y"}]'},
        {"from": "2026-11-19T10:00:00", "until": "2026-11-19T12:00:00", "zone": "America/New_York"},
    ],
    ids=str,
)
def test_silence_goes_through_its_arguments_unchanged(args: dict[str, str]) -> None:
    found = parse_silence(action(**args))
    again = parse_silence(Action(ts=T0, verb="silence", message="why", args=arguments(found)))
    assert msgspec.to_builtins(again) == msgspec.to_builtins(found)


def test_weekdays_and_days_are_in_order_and_once() -> None:
    assert parse_silence(action(every="week", weekdays="sun,mon,sun")).weekdays == ("mon", "sun")
    assert parse_silence(action(every="month", days="15,last,1,15")).days == (-1, 1, 15)


@given(st.text(max_size=40))
def test_any_text_is_matchers_or_an_error(text: str) -> None:
    said = "silence: $.args.matchers: "
    try:
        assert parse_matchers(text)
    except UsageError as error:
        said = str(error)
    assert said.startswith("silence: $.args.matchers: ")


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_an_error(text: str) -> None:
    said = "p: "
    try:
        assert 0 <= parse_moment(text, "p") < 5e9
    except UsageError as error:
        said = str(error)
    assert said.startswith("p: ")


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("0", None, 0.0),
        ("1.5", None, 1.5),
        ("1970-01-01T00:00:01Z", None, 1.0),
        ("1970-01-01T01:00:00+01:00", None, 0.0),
        ("2026-07-01T12:00", "Europe/Berlin", 1_782_900_000.0),
        ("2026-01-01T12:00", "Europe/Berlin", 1_767_265_200.0),
        ("2026-07-01T12:00", None, 1_782_907_200.0),
    ],
)
def test_moment_without_an_offset_is_of_the_zone(text: str, zone: str | None, at: float) -> None:
    assert parse_moment(text, "p", zone) == at
