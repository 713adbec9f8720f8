"""A silence from the arguments of an operator action, as the journal and archives hold them, and back."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from aiops import zones
from aiops.engine.silences.schedules import LONGEST_S, WEEKDAYS
from aiops.engine.silences.silences import UTC, Silence
from aiops.errors import UsageError
from aiops.matchers import Matcher, check, check_selective, read_matchers
from aiops.records import Action
from aiops.records.model import MAX_TIME_S

# Identifiers stand in addresses and in the audit.
MAX_ID_CHARS = 256
EVERY = tuple(LONGEST_S)
LAST_DAY = -1
# Years whose dates can be converted everywhere, a zone's offset from both ends of what records may hold.
EARLIEST, LATEST = 1969, 2101


def parse_silence(action: Action, now: float | None = None) -> Silence:
    """Return the silence of an action; raise `UsageError` for an invalid or ended one."""
    args = action.args
    zone = _zone(args)
    start = _time(args, "from", action.ts, zone)
    end = _time(args, "until", None, zone)
    every = args.get("every") or None
    if end <= start:
        raise UsageError("silence: $.args.until: expected a time after its start")
    if every is not None and every not in EVERY:
        raise UsageError(f"silence: $.args.every: expected {', '.join(EVERY)}; got {every[:80]!r}")
    if every is None and now is not None and end <= now:
        raise UsageError(f"silence: $.args.until: expected a time to come; it ended {now - end:.0f} s ago")
    name = args.get("id") or action.id
    if len(name) > MAX_ID_CHARS:
        raise UsageError(f"silence: $.args.id: expected at most {MAX_ID_CHARS} characters; got {len(name)}")
    matchers = parse_matchers(args.get("matchers", "[]"))
    made = Silence(
        name,
        matchers,
        start,
        end,
        every,
        action.message or "",
        zone,
        _weekdays(args, every),
        _days(args, every),
        (args.get("created_by") or action.actor or "")[:MAX_ID_CHARS],
        action.ts,
    )
    made.schedule()
    return made


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return matchers from JSON or as people write them.

    JSON is `[{"label": …, "op": "=", "value": …}]`, or a list of texts.

    >>> parse_matchers('[{"label": "env", "op": "=", "value": "test"}]') == parse_matchers('{env="test"}')
    True
    """
    try:
        made = _decoded(text) if text.lstrip().startswith("[") else read_matchers(text)
        check(made)
        check_selective(made)
    except (UsageError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UsageError(f"silence: $.args.matchers: {error}") from None
    return made


def arguments(silence: Silence) -> dict[str, str]:
    """Return the arguments of an action that sets the silence."""
    made = {
        "id": silence.id,
        "matchers": msgspec.json.encode(silence.matchers).decode(),
        # `repr` gives the shortest text that reads back as the same number.
        "from": repr(silence.start),
        "until": repr(silence.end),
        "every": silence.every or "",
        "zone": silence.zone or "",
        "weekdays": ",".join(silence.weekdays),
        "days": ",".join(map(str, silence.days)),
        "created_by": silence.created_by,
    }
    return {name: text for name, text in made.items() if text}


def parse_moment(text: str, place: str, zone: str | None = None) -> float:
    """Return a time in Unix seconds, from seconds or RFC 3339.

    Without an offset it is one of the zone's clock, or UTC.

    Raise `UsageError` for what is none, or beyond what records may hold.
    """
    try:
        at = float(text)
    except ValueError:
        at = _read_clock(text, zones.zone(zone or UTC))
    # Neither NaN nor infinity is within bounds.
    if not 0 <= at < MAX_TIME_S:
        raise UsageError(f"{place}: expected a time from 1970 to 2099, in Unix seconds or RFC 3339; got {text[:80]!r}")
    return at


def _read_clock(text: str, zone: ZoneInfo) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    if not EARLIEST <= moment.year <= LATEST:
        return math.nan
    return moment.timestamp() if moment.tzinfo else zones.first(moment, zone)


def _decoded(text: str) -> tuple[Matcher, ...]:
    found = msgspec.json.decode(text, type=list[Matcher | str])
    made: list[Matcher] = []
    for one in found:
        made.extend((one,) if isinstance(one, Matcher) else read_matchers(one))
    return tuple(made)


def _zone(args: dict[str, str]) -> str | None:
    """The zone that is named, also where nothing recurs: what is given works or is refused."""
    name = args.get("zone") or None
    if name is not None:
        try:
            zones.zone(name)
        except UsageError as error:
            raise UsageError(f"silence: $.args.{error}") from None
    return name


def _time(args: dict[str, str], name: str, default: float | None, zone: str | None) -> float:
    text = args.get(name)
    if not text:
        if default is None:
            raise UsageError(f"silence: $.args.{name}: expected a time; got none")
        return default
    return parse_moment(text, f"silence: $.args.{name}", zone)


def _weekdays(args: dict[str, str], every: str | None) -> tuple[str, ...]:
    words = _list(args, "weekdays", every, "week")
    wrong = next((word for word in words if word not in WEEKDAYS), None)
    if wrong is not None:
        raise UsageError(f"silence: $.args.weekdays: expected words of {', '.join(WEEKDAYS)}; got {wrong[:80]!r}")
    return tuple(word for word in WEEKDAYS if word in words)


def _days(args: dict[str, str], every: str | None) -> tuple[int, ...]:
    made: set[int] = set()
    for word in _list(args, "days", every, "month"):
        known = word.isascii() and word.removeprefix("-").isdigit() and len(word) <= 3
        number = LAST_DAY if word == "last" else int(word) if known else 0
        if number != LAST_DAY and not 1 <= number <= 31:
            raise UsageError(f"silence: $.args.days: expected days of 1 to 31, or last; got {word[:80]!r}")
        made.add(number)
    return tuple(sorted(made))


def _list(args: dict[str, str], name: str, every: str | None, unit: str) -> list[str]:
    words = [word.strip().lower() for word in args.get(name, "").split(",") if word.strip()]
    if words and every != unit:
        raise UsageError(f"silence: $.args.{name}: expected every = {unit} with it; got {every!r}")
    return words
