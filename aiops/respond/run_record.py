"""The record of one run, read from the trail: approvals, each request with its answer, its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from aiops.respond.audit import MAX_LINE_BYTES, Entry
from aiops.respond.guard_case import GuardCheck
from aiops.respond.history import Run
from aiops.wording import plural

# A run has a few dozen requests at most; a loop of attempts stays on one line.
MAX_LINES = 1_000


class Exchange(Struct):
    """A request of a run and its answer.

    `key` is empty for a check, which is recorded once it was answered.

    `excerpt` is the beginning of the answer's body. `status` is None without an answer, `problem` None for success.
    """

    at: float
    place: str
    name: str
    target: str
    method: str
    url: str
    body: Any = None
    secret: str | None = None
    key: str = ""
    answered_at: float | None = None
    status: int | None = None
    problem: str | None = None
    excerpt: str = ""


class RunStep(Struct):
    """A moment of a run in words, with the person who brought it about, if there is one."""

    at: float
    text: str
    actor: str = ""


class RunRecord(Struct):
    """A run with all that the trail has of it; `is_whole` is False if it has more lines than are shown.

    `guards` are the answers of all guards at the moment in which it began, empty for runs of older releases.
    """

    run: Run
    requests: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    steps: list[RunStep] = field(default_factory=list)
    is_whole: bool = True
    guards: list[GuardCheck] = field(default_factory=list)


def read_record(path: Path, run: Run) -> RunRecord:
    """Return the record of a run from the trail at `path`; lines of other runs are passed over undecoded."""
    record = RunRecord(run)
    for number, entry in enumerate(_lines(path, run)):
        if number == MAX_LINES:
            record.is_whole = False
            break
        _take(record, entry)
    return record


def _lines(path: Path, run: Run) -> Iterator[Entry]:
    """Yield the entries that name a run or its plan."""
    decoder = msgspec.json.Decoder(Entry)
    wanted = [msgspec.json.encode(text) for text in (run.id, run.plan) if text]
    try:
        with path.open("rb") as lines:
            for line in _bounded(lines):
                if any(text in line for text in wanted):
                    entry = decoder.decode(line)
                    if run.id == entry.data.get("run") or (run.plan and run.plan == entry.data.get("plan")):
                        yield entry
    except (OSError, msgspec.MsgspecError):
        # What was read so far is shown; the trail's own check names the fault.
        return


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in lines if len(line) <= MAX_LINE_BYTES)


def _take(record: RunRecord, entry: Entry) -> None:
    data = entry.data
    if entry.kind == "intent":
        record.exchanges.append(_exchange(entry))
    elif entry.kind == "outcome":
        sent = next((one for one in reversed(record.exchanges) if one.key == data["key"]), None)
        if sent is not None:
            _answer(sent, entry)
    elif entry.kind == "asked":
        record.exchanges.append(_exchange(entry))
        _answer(record.exchanges[-1], entry)
    elif entry.kind == "run":
        record.requests = list(data.get("requests", []))
        record.guards = _guards(data.get("guards"))
        text = f"started with {plural(len(record.requests), 'planned request')}"
        record.steps.append(RunStep(entry.at, text, data.get("actor", "")))
    elif (words := _text(entry)) is not None:
        record.steps.append(RunStep(entry.at, words, data.get("actor", "")))


def _guards(found: Any) -> list[GuardCheck]:
    try:
        return msgspec.convert(found or [], list[GuardCheck])
    except msgspec.ValidationError:
        # Of another release: the rest of the record is shown.
        return []


def _exchange(entry: Entry) -> Exchange:
    data, request = entry.data, entry.data.get("request", {})
    return Exchange(
        entry.at,
        data.get("place", ""),
        request.get("name", ""),
        data.get("target", ""),
        request.get("method", ""),
        request.get("url", ""),
        request.get("body"),
        request.get("secret"),
        data.get("key", ""),
    )


def _answer(sent: Exchange, entry: Entry) -> None:
    data = entry.data
    sent.answered_at, sent.status = entry.at, data.get("status")
    sent.problem = data.get("problem")
    sent.excerpt = data.get("excerpt") or ""


def _text(entry: Entry) -> str | None:
    data = entry.data
    if entry.kind == "approval":
        return "approved"
    if entry.kind == "step-approval":
        return "approved to continue"
    if entry.kind == "continued":
        return "continued after its approval"
    if entry.kind == "waiting":
        return f"waits for an approval: {data.get('name', '')}"
    if entry.kind == "refused":
        return f"refused by the guard {data.get('guard', '')}: {data.get('reason', '')}"
    if entry.kind == "ended":
        return ": ".join(filter(None, (str(data.get("state", "ended")), str(data.get("why") or ""))))
    if entry.kind == "rollback":
        return ": ".join(
            filter(None, (f"rollback {data.get('state', '')}", str(data.get("why") or data.get("reason") or "")))
        )
    return None
