"""Grades of one payload: each aspect is right, wrong with its reason, or not stated by the payload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiops_connectors.workbench.samples import identity
from msgspec import Struct, field

from aiops.records import Alert, Change, Record, parse_severity
from benchmarks.connectors.samples import NOW, Expected, Got, Sample

ASPECTS = ("taken", "state", "severity", "identity", "entity", "service", "name", "time", "url")
# What is wrong in these is a page too many or too few; the others are what a person reads.
DECISIVE = ("taken", "state", "severity", "identity")
# A record that a mapping sets aside says so at the end of its name; it pages nobody.
_ASIDE = (" (no data)", " (pending)", " (paused)", " (test)")
_CLOSE_S = 1.5


class Grade(Struct):
    """The grade of one payload: per aspect the number right and of all, and each fault in words."""

    sample: Sample
    right: dict[str, int] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    identities: list[tuple[str, Any]] = field(default_factory=list)

    def note(self, aspect: str, fault: str | None) -> None:
        """Count one aspect; `fault` says what is wrong, None that it is right."""
        self.of[aspect] = self.of.get(aspect, 0) + 1
        self.right[aspect] = self.right.get(aspect, 0) + (fault is None)
        if fault is not None:
            self.faults.append(f"{aspect}: {fault}")


def grade(sample: Sample, got: Got) -> Grade:
    """Grade what a connector made of a payload."""
    found = Grade(sample)
    wanted = [one for one in sample.wanted() if one.kind != "ignore"]
    reasons = "; ".join(str(problem.reason) for problem in got.problems if not problem.warning)
    if got.failed or reasons:
        found.note("taken", got.failed or reasons)
    elif not wanted:
        found.note("taken", None)
        opens = [one for one in got.records if _opens(one)]
        found.note("state", f"{len(opens)} alerts of a message that opens none" if opens else None)
        return found
    elif len(got.records) != len(wanted):
        found.note("taken", _missing(wanted, got))
    else:
        found.note("taken", None)
    for one, record in _matched(wanted, got.records):
        _grade(found, one, record)
    return found


def _missing(wanted: list[Expected], got: Got) -> str | None:
    if not got.records and all(_may_be_nothing(one) for one in wanted):
        return None
    return f"{len(wanted)} records expected, got {len(got.records)}"


def _may_be_nothing(one: Expected) -> bool:
    """Return true for a note on a problem: nothing at all is right as well."""
    return one.status == "acknowledged" or bool({"acknowledged", None} & set(one.status_alternatives))


def _matched(wanted: list[Expected], records: list[Record]) -> list[tuple[Expected, Record]]:
    """Pair expected and actual records, by entity or name where there are several."""
    left = list(records)
    pairs = []
    for one in wanted:
        near = [record for record in left if _near(one, record)] or left
        if near:
            pairs.append((one, near[0]))
            left.remove(near[0])
    return pairs


def _near(one: Expected, record: Record) -> bool:
    entity, name = getattr(record, "entity", None), getattr(record, "name", None)
    return (one.entity is not None and entity == one.entity) or (one.entity is None and name == one.name)


def _opens(record: Record) -> bool:
    return isinstance(record, Alert) and record.status == "firing" and not record.name.endswith(_ASIDE)


def _grade(found: Grade, one: Expected, record: Record) -> None:
    kinds = {one.kind, *one.kind_alternatives}
    if isinstance(record, Change):
        found.note("state", None if "change" in kinds else f"{one.kind} expected, got a change")
    elif isinstance(record, Alert):
        _grade_alert(found, one, record, kinds)
    _said(found, "entity", one.entity, getattr(record, "entity", None), one.entity_alternatives)
    _said(found, "service", one.service, getattr(record, "service", None), one.service_alternatives)
    _said(found, "name", one.name, getattr(record, "name", None), list(one.name_alternatives))
    _said(found, "url", one.url, getattr(record, "url", None), [])
    _time(found, one, record)


def _grade_alert(found: Grade, one: Expected, record: Alert, kinds: set[str]) -> None:
    if not kinds & {"alert", "log"}:
        found.note("state", f"{one.kind} expected, got an alert")
    elif one.status is not None:
        fits = {one.status, *one.status_alternatives}
        aside = record.name.endswith(_ASIDE) or record.severity == "info"
        right = record.status in fits or ("acknowledged" in fits and (record.status == "firing" or aside))
        found.note("state", None if right else f"{one.status} expected, got {record.status}")
    if one.status != "resolved":
        # A recovery ends the stream whatever its severity is.
        _severity(found, one, record)
    if one.key is not None:
        found.identities.append((str(one.key), identity(record)))


def _severity(found: Grade, one: Expected, record: Alert) -> None:
    fits = {one.severity, *one.severity_alternatives}
    if one.severity is None:
        fits |= {None, "warning"}
    level = parse_severity(record.severity).label
    right = level in fits or (record.severity is None and None in fits)
    found.note("severity", None if right else f"{one.severity} expected, got {record.severity}")


def _said(found: Grade, aspect: str, wanted: str | None, got: str | None, others: list[Any]) -> None:
    if wanted is not None:
        right = got == wanted or (got in others and got is not None)
        found.note(aspect, None if right else f"{wanted[:70]!r} expected, got {str(got)[:70]!r}")


def _time(found: Grade, one: Expected, record: Record) -> None:
    times = [getattr(record, name, None) for name in ("ts", "starts_at", "ends_at")]
    wanted = [_unix(text) for text in (one.time, *one.time_alternatives) if text is not None] or [NOW]
    right = any(abs(time - unix) <= _CLOSE_S for time in times if time is not None for unix in wanted)
    shown = [datetime.fromtimestamp(time, UTC).isoformat() for time in times if time is not None]
    found.note("time", None if right else f"{one.time or 'receipt'} expected, got {', '.join(shown)}")


def _unix(text: str) -> float:
    time = datetime.fromisoformat(text[:26] + "Z" if len(text) > 27 else text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def pair(grades: list[Grade]) -> None:
    """Grade identities within a tool: one for one expected key, and different ones for different keys."""
    for one in grades:
        for key, own in one.identities:
            others = [(k, i, g) for g in grades for k, i in g.identities if g is not one]
            parted = [g.sample.file for k, i, g in others if k == key and i != own]
            joined = [g.sample.file for k, i, g in others if k != key and i == own]
            if parted:
                one.note("identity", f"{_short(own)} is another than in {parted[0]}")
            elif joined:
                one.note("identity", f"{_short(own)} is the same as in {joined[0]}")
            else:
                one.note("identity", None)


def _short(own: Any) -> str:
    return str(own)[:160]
