"""A new audit trail in the place of a damaged one, which is kept beside it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.private import narrow
from aiops.respond.anchors import START, UNKNOWN, Mark
from aiops.respond.audit import RENEWED, AuditError, Entry, read_entries, verify
from aiops.respond.history import GLOBAL, History

# Runs under way that the first line names; the old trail has all.
MAX_NAMED = 20


class Renewal(Struct):
    """A trail that was begun anew: where the old one is, what was wrong, and its runs that had not ended."""

    trail: str
    old: str
    problem: str
    under_way: list[str]


def renew(path: Path, mark: Mark | None, *, actor: str, reason: str, now: float) -> Renewal:
    """Begin a new trail in the place of a damaged one, which is kept under another name.

    The first line of the new trail states who did it and why, names the old one with its SHA-256, and engages the kill
    switches: the global one and all that were engaged. Raise `UsageError` for a trail whose lines continue each other,
    without an actor or a reason, and while a process has the trail open.
    """
    if not actor or not reason:
        raise UsageError("a new audit trail needs the name of the person who begins it, and a reason (--note)")
    with _held(path):
        verdict = verify(path, mark)
        if verdict.is_chained:
            raise UsageError(
                f"{path}: expected a damaged audit trail; the lines of this one continue each other"
                " (`aiops playbooks accept-trail` accepts one that lines are missing of)"
            )
        history = _believed(path)
        old = _free_name(path)
        under_way = [f"{run.id} ({run.playbook} for {run.incident})" for run in history.active()][:MAX_NAMED]
        engaged = {GLOBAL, *(scope for scope, on in history.switches.items() if on)}
        engaged |= set(mark.engaged if mark is not None else ())
        data: dict[str, Any] = {"actor": actor, "reason": reason, "problem": verdict.problem, "old": old.name}
        data |= {"sha256": sha256(path.read_bytes()).hexdigest(), "entries": verdict.entries, "under_way": under_way}
        data["after"] = [mark.entries, mark.head] if mark is not None and mark != UNKNOWN else None
        _replace(path, old, Entry(0, now, RENEWED, data | {"engaged": sorted(engaged)}, START))
    return Renewal(str(path), str(old), str(verdict.problem), under_way)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock of a trail, as a daemon does that has it open."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; there is no damaged audit trail to replace") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UsageError(f"{path}: a daemon has this audit trail open, so it is not damaged for it") from error
    finally:
        os.close(file)


def _believed(path: Path) -> History:
    """Return the state by the lines before the damage."""
    history = History()
    with contextlib.suppress(AuditError):
        for entry in read_entries(path):
            history.apply(entry)
    return history


def _free_name(path: Path) -> Path:
    number = 1
    while (found := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return found


def _replace(path: Path, old: Path, first: Entry) -> None:
    """Keep a trail under another name, and put a new one in its place at once."""
    first.hash = first.digest()
    new = path.with_name(f"{path.name}.new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, msgspec.json.encode(first, order="deterministic") + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    os.link(path, old)
    narrow(old)
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
