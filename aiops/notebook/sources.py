"""Input of a replay: archives, a journal, a frame of alerts, or records that a program made."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from aiops.archive import Rejection, Rejections, read
from aiops.errors import RecordError, UsageError
from aiops.journal.reader import read as read_journal
from aiops.journal.segment import segments
from aiops.records import Action, Alert, Change, Incident, Logged, Metric, Record, Tick
from aiops.records.decode import decode, parse_time

if TYPE_CHECKING:
    import pandas as pd

_KINDS = (Action, Alert, Change, Incident, Metric, Tick)
# Columns of a frame of alerts that are no fields of an alert, as `Result.alerts` has them.
_LABEL = "labels."
_ENCODER = msgspec.json.Encoder(enc_hook=lambda value: _plain(value))

Path: TypeAlias = str | os.PathLike[str]
Time: TypeAlias = float | str | datetime
Source: TypeAlias = "Path | Record | Mapping[str, Any] | pd.DataFrame | Iterable[Path | Record | Mapping[str, Any]]"


class Input(Protocol):
    """Records that can be read again from the beginning."""

    def read(self, rejections: Rejections, strict: bool) -> Iterator[Logged]:
        """Yield the records; what is none goes to `rejections`, or is a `UsageError` where `strict`."""
        ...


class Archives(Struct, frozen=True):
    """Archive files, merged by time."""

    paths: list[str]

    def read(self, rejections: Rejections, strict: bool) -> Iterator[Record]:
        """Read the files."""
        return read(self.paths, rejections, strict=strict)


class Journal(Struct, frozen=True):
    """The journal of a daemon, or a stretch of it; times in Unix seconds."""

    folder: str
    since: float | None = None
    until: float | None = None

    def read(self, rejections: Rejections, strict: bool) -> Iterator[Logged]:
        """Read the journal, whose records were checked before they were written."""
        return read_journal(pathlib.Path(self.folder), self.since, self.until)


class Records(Struct, frozen=True):
    """Records of a program, in its order. `place` names them in errors and in ids."""

    items: Sequence[Any]
    place: str = "records"

    def read(self, rejections: Rejections, strict: bool) -> Iterator[Record]:
        """Check each item as a line of an archive is checked."""
        for number, item in enumerate(self.items, 1):
            try:
                record = checked(item)
            except RecordError as error:
                rejection = Rejection(self.place, number, error.field, error.expected, error.got)
                rejections.add(rejection)
                if strict:
                    raise UsageError(f"{rejection} (strict)") from None
                continue
            if not record.id:
                record.id = f"{self.place}:{number}"
            yield record


def input_of(source: Source, since: Time | None = None, until: Time | None = None) -> Input:
    """Return the reader of a source; raise `UsageError` where it is nothing that can be replayed.

    A folder is a journal; `since` and `until` bound the times of its records.
    """
    if isinstance(source, str | os.PathLike) and os.path.isdir(_expanded(source)):
        return _journal(_expanded(source), since, until)
    if since is not None or until is not None:
        raise UsageError("since, until: expected the folder of a journal as source; leave them out for other sources")
    if isinstance(source, str | os.PathLike):
        return Archives([_expanded(source)])
    if is_frame(source):
        return Records(rows_of(source), "frame")
    if isinstance(source, (Mapping, *_KINDS)):
        return Records([source])
    if not isinstance(source, Iterable) or isinstance(source, bytes | bytearray):
        raise UsageError(f"source: expected paths, records or a frame (got {type(source).__name__})")
    items = list(source)
    paths = [item for item in items if isinstance(item, str | os.PathLike)]
    if paths and len(paths) != len(items):
        raise UsageError("source: paths and records are mixed; pass either archives or records")
    return Archives([_expanded(path) for path in paths]) if paths else Records(items)


def _expanded(path: Path) -> str:
    return os.path.expanduser(os.fspath(path))


def _journal(folder: str, since: Time | None, until: Time | None) -> Journal:
    if not segments(pathlib.Path(folder)):
        raise UsageError(f"{folder}: expected the folder of a journal (got no segment in it); name archives as files")
    return Journal(folder, *(None if at is None else seconds_of(at) for at in (since, until)))


def seconds_of(time: Time) -> float:
    """Return a time in Unix seconds; one without a zone is UTC.

    >>> seconds_of("1970-01-01T00:01:00Z"), seconds_of(datetime(1970, 1, 1, 0, 1)), seconds_of(60)
    (60.0, 60.0, 60.0)
    """
    if isinstance(time, datetime):
        return parse_time(time.isoformat(), "time")
    return parse_time(time, "time") if isinstance(time, str) else float(time)


def checked(item: object) -> Record:
    """Return an object as a record, checked as a line of an archive is; raise `RecordError`.

    A mapping without a kind is an alert. Times may be datetimes; one without a zone is UTC.

    >>> checked({"ts": datetime(2026, 1, 1), "name": "DiskFull"}).ts
    1767225600.0
    """
    if isinstance(item, Mapping):
        item = {"kind": "alert", **{key: value for key, value in item.items() if value is not None}}
    elif not isinstance(item, _KINDS):
        raise _error("a record or a mapping", type(item).__name__)
    try:
        raw = _ENCODER.encode(item)
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise _error("values that JSON has", str(error)) from None
    return decode(raw)


def _error(expected: str, got: str) -> RecordError:
    return RecordError(f"$: expected {expected}; got {got}", expected=expected, got=got)


def _plain(value: Any) -> Any:
    """Numbers of numpy and times of pandas as JSON has them."""
    if isinstance(value, datetime):
        return value.isoformat()
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def is_frame(source: object) -> bool:
    """Return whether this is a pandas DataFrame, without importing pandas."""
    return type(source).__module__.partition(".")[0] == "pandas" and hasattr(source, "columns")


def rows_of(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame of alerts as mappings; empty cells are left out.

    Columns are fields of an alert, `labels.NAME` for one label, and those that `Result.alerts` adds: `severity_text`
    (taken before `severity`), `truth_incident`, `truth_root_cause`. Others are ignored.
    """
    names = [str(name) for name in frame.columns]
    missing = [name for name in ("ts", "name") if name not in names]
    if missing:
        raise UsageError(f"frame: no column {missing[0]!r} (got {', '.join(names[:20]) or 'none'}); rename one to it")
    if len(set(names)) != len(names):
        raise UsageError("frame: two columns of one name; drop one")
    if "severity_text" in names:
        names[names.index("severity_text")], unused = "severity", names.index("severity") if "severity" in names else -1
        if unused >= 0:
            names[unused] = ""
    cells = [_cells(frame.iloc[:, place]) for place in range(len(names))]
    return [_row(names, values) for values in zip(*cells, strict=True)]


def _cells(column: Any) -> list[Any]:
    empty = column.isna().tolist()
    return [None if is_empty else _cell(value) for value, is_empty in zip(column.tolist(), empty, strict=True)]


def _cell(value: Any) -> Any:
    """A time as exact Unix seconds, where `timestamp()` would round to microseconds."""
    if isinstance(value, datetime) and hasattr(value, "as_unit"):
        return value.as_unit("ns").value / 1_000_000_000
    return value


def _row(names: list[str], values: Sequence[Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    truth: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        if value is None:
            continue
        if name.startswith(_LABEL):
            labels[name[len(_LABEL) :]] = value
        elif name.startswith("truth_"):
            truth[name[len("truth_") :]] = value
        elif name:
            row[name] = value
    if labels:
        row["labels"] = {**row.get("labels", {}), **labels}
    if truth:
        row["truth"] = truth
    return row
