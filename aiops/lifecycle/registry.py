"""The registry: versions of models by slot, the runs that made them, and the stages that they passed.

A directory with one SQLite file and one file a version. Bounded: see the constants; what is in use, or could be rolled
back to, is never removed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from aiops.errors import AiopsError, UsageError
from aiops.lifecycle import earlier
from aiops.lifecycle.database import reading, writing
from aiops.lifecycle.state_files import StateFiles, is_id
from aiops.lifecycle.version import Move, Run, Stage, Version
from aiops.model_state import version_id
from aiops.wording import plural

# Versions of a slot beyond those in use: a training a day for a month. A state has 16 MB at most, 100 kB as a rule.
KEEP_VERSIONS = 30
# Versions that served before and can be rolled back to, one step after the other.
KEEP_SERVED = 10
# A run a day and slot for months; a row has about 1 kB.
KEEP_RUNS = 1_000
# Promotions and rollbacks of all slots; older steps are not gone back to.
KEEP_MOVES = 1_000

_StructT = TypeVar("_StructT", bound=Struct)
_IN_USE = ("serving", "canary", "shadow")


class Registry:
    """A models directory; it need not exist yet. Safe for several threads and processes."""

    def __init__(self, directory: Path) -> None:
        """Take over what earlier releases left in the directory."""
        self.directory = directory
        self._files = StateFiles(directory)
        earlier.take_over(directory, self)

    def versions(self, slot: str | None = None) -> list[Version]:
        """Return all versions, or those of a slot, the oldest first."""
        return [
            _version(*row)
            for row in self._rows(
                "select stage, body from versions where ?1 is null or slot = ?1 order by number", slot
            )
        ]

    def get(self, id: str, slot: str | None = None) -> Version:
        """Return a version by its id; raise `UsageError` that lists the known ones."""
        found = [one for one in self.versions(slot) if one.id == id]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"models: {id} is in several slots: add --slot with one of {_slots(found)}")
        known = ", ".join(one.id for one in self.versions(slot)[-KEEP_VERSIONS:]) or "none, train one first"
        raise UsageError(f"models: expected one of: {known}; got {id[:100]!r}")

    def state(self, version: Version) -> str:
        """Return the state of a version as text, checked against its id."""
        return self._files.read(version.slot, version.id, version.algorithm)

    def put(self, version: Version, text: str) -> None:
        """Add a version with its state. A known one keeps its stage and its time, the rest is replaced."""
        if version_id(version.algorithm, text) != version.id or not is_id(version.id):
            raise UsageError(f"models: expected the id of its state; got {version.id[:100]!r}")
        self._files.write(version.slot, version.id, text)
        version = structs.replace(version, size=len(text))
        with writing(self.directory) as connection:
            known = connection.execute(
                "select stage, body from versions where slot = ? and id = ?", (version.slot, version.id)
            ).fetchone()
            if known is not None:
                before = _version(*known)
                version = structs.replace(version, stage=before.stage, created=before.created)
            connection.execute(
                "insert into versions (slot, id, stage, body) values (?, ?, ?, ?)"
                " on conflict (slot, id) do update set body = excluded.body",
                (version.slot, version.id, version.stage, msgspec.json.encode(version)),
            )
            gone = self._prune(connection, version.slot)
            kept = connection.execute("select slot, id from versions").fetchall()
        for id in gone:
            self._files.remove(version.slot, id)
        self._files.remove_orphans([(slot, id) for slot, id in kept])

    def update(self, version: Version) -> None:
        """Replace what is known of a version, as after an evaluation; its stage and its state stay."""
        with writing(self.directory) as connection:
            connection.execute(
                "update versions set body = ? where slot = ? and id = ?",
                (msgspec.json.encode(version), version.slot, version.id),
            )

    def serving(self, slot: str) -> Version | None:
        """Return the version that was promoted last in a slot; None before the first promotion."""
        return next(iter(self.staged(slot, "serving")), None)

    def staged(self, slot: str, stage: Stage) -> list[Version]:
        """Return the versions of a slot at a stage, the oldest first."""
        return [one for one in self.versions(slot) if one.stage == stage]

    def stage(self, version: Version, move: Move) -> None:
        """Move a version to another stage; one that comes to serve retires the one before it."""
        with writing(self.directory) as connection:
            if move.stage == "serving":
                connection.execute(
                    "update versions set stage = 'retired' where slot = ? and stage = 'serving'", (version.slot,)
                )
            changed = connection.execute(
                "update versions set stage = ? where slot = ? and id = ?", (move.stage, version.slot, version.id)
            )
            if not changed.rowcount:
                raise UsageError(f"models: {version.id} is no longer in the registry: train it once more")
            self._note(connection, move)

    def _note(self, connection: sqlite3.Connection, move: Move) -> None:
        connection.execute(
            "insert into moves (slot, version, stage, body) values (?, ?, ?, ?)",
            (move.slot, move.version, move.stage, msgspec.json.encode(move)),
        )
        connection.execute("delete from moves where number <= (select max(number) from moves) - ?", (KEEP_MOVES,))

    def moves(self, slot: str | None = None) -> list[Move]:
        """Return the moves between stages, the oldest first."""
        rows = self._rows("select number, body from moves where ?1 is null or slot = ?1 order by number", slot)
        return [_numbered(number, body, Move) for number, body in rows]

    def served(self, slot: str) -> list[str]:
        """Return the ids that served in a slot and were not rolled back, the one in use last."""
        return served(self.moves(slot))

    def before(self, slot: str) -> Version:
        """Return the version that served before the current one; raise `UsageError` if there is none."""
        ids = self.served(slot)
        if len(ids) < 2:
            raise UsageError(
                f"models: {slot}: nothing to roll back to: {plural(len(ids), 'version')} promoted so far, expected at "
                f"least 2; `aiops models restore {slot}` has what served before the first promotion serve again"
            )
        return self.get(ids[-2], slot)

    def begin(self, run: Run) -> Run:
        """Record that a run starts; return it with its number."""
        with writing(self.directory) as connection:
            made = connection.execute(
                "insert into runs (slot, body) values (?, ?)", (run.slot, msgspec.json.encode(run))
            )
            connection.execute("delete from runs where number <= (select max(number) from runs) - ?", (KEEP_RUNS,))
        return structs.replace(run, number=int(made.lastrowid or 0))

    def end(self, run: Run) -> None:
        """Record the outcome of a run."""
        with writing(self.directory) as connection:
            connection.execute("update runs set body = ? where number = ?", (msgspec.json.encode(run), run.number))

    def runs(self, slot: str | None = None) -> list[Run]:
        """Return the runs, the oldest first."""
        rows = self._rows("select number, body from runs where ?1 is null or slot = ?1 order by number", slot)
        return [_numbered(number, body, Run) for number, body in rows]

    def _rows(self, query: str, slot: str | None) -> list[Any]:
        with reading(self.directory) as connection:
            return connection.execute(query, (slot,)).fetchall() if connection is not None else []

    def _prune(self, connection: sqlite3.Connection, slot: str) -> list[str]:
        """Remove the oldest versions beyond the bound; return their ids."""
        rows = connection.execute("select body from moves where slot = ? order by number", (slot,)).fetchall()
        needed = set(served(_decoded(body, Move) for (body,) in rows)[-KEEP_SERVED:])
        found = connection.execute("select id, stage from versions where slot = ? order by number", (slot,)).fetchall()
        free = [id for id, stage in found if stage not in _IN_USE and id not in needed]
        gone = free[: max(0, len(free) - KEEP_VERSIONS)]
        connection.executemany("delete from versions where slot = ? and id = ?", [(slot, id) for id in gone])
        return gone


def served(moves: Iterable[Move]) -> list[str]:
    """Return the ids that serve after moves, each above the one it replaced.

    A rollback removes what is above.
    """
    stack: list[str] = []
    for move in moves:
        if move.stage != "serving":
            continue
        if move.is_rollback:
            while stack and stack[-1] != move.version:
                stack.pop()
        if not stack or stack[-1] != move.version:
            stack.append(move.version)
    return stack


def _version(stage: Any, body: bytes) -> Version:
    return structs.replace(_decoded(body, Version), stage=stage)


def _numbered(number: int, body: bytes, kind: type[_StructT]) -> _StructT:
    return structs.replace(_decoded(body, kind), number=number)


def _decoded(body: bytes, kind: type[_StructT]) -> _StructT:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise AiopsError(f"models: a row of the registry cannot be read: {error}") from error


def _slots(versions: list[Version]) -> str:
    return ", ".join(one.slot for one in versions)
