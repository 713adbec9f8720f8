"""Histories that can be read several times: archives, and journals with the snapshots beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from aiops.archive import Rejections, read
from aiops.engine.engine import Engine
from aiops.errors import AiopsError
from aiops.journal import JournalError, frames
from aiops.journal.segment import segments
from aiops.journal.snapshot import Kept, good_snapshots
from aiops.records import Logged
from aiops.wording import plural

Numbered = Iterator[tuple[int, Logged]]


class Start(Protocol):
    """A place in a history from which the engine can continue."""

    def records(self) -> Numbered:
        """Yield the records from here on, with their numbers in the log."""
        ...

    def restore(self, engine: Engine) -> None:
        """Bring a new engine to this place; raise `AiopsError` if that is not possible."""
        ...

    def notes(self, config: str) -> list[str]:
        """Return the reasons to doubt results from here on; `config` is the configuration's digest."""
        ...


class ArchiveStart:
    """The beginning of archives."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = list(files)

    def records(self) -> Numbered:
        """Yield all records, merged by time."""
        return enumerate(read(self.files, Rejections()))

    def restore(self, engine: Engine) -> None:
        """Leave the engine as it is."""

    def notes(self, config: str) -> list[str]:
        """Return nothing: an archive is whole."""
        return []


class JournalStart:
    """The beginning of a journal, or one of its snapshots."""

    def __init__(self, directory: Path, kept: Kept | None = None) -> None:
        self.directory = directory
        self.kept = kept

    def records(self) -> Numbered:
        """Yield the records after the snapshot, or all."""
        first = self.kept.meta.frame if self.kept is not None else None
        for frame in frames(self.directory, first):
            yield from enumerate(frame.records, frame.first_seq)

    def restore(self, engine: Engine) -> None:
        """Restore the snapshot, or give the engine the number of the oldest record."""
        if self.kept is None:
            engine.begin_at(next((frame.first_seq for frame in frames(self.directory)), 0))
        elif self.kept.meta.parts:
            engine.restore_parts(self.kept.parts())
        else:
            engine.restore(b"".join(self.kept.parts()))

    def notes(self, config: str) -> list[str]:
        """Return whether the configuration is another one, or the beginning of the journal was removed."""
        if self.kept is not None and self.kept.meta.config != config:
            return ["The daemon decided with another configuration: its figures may differ. Name it with --config."]
        found = segments(self.directory)
        if self.kept is None and found and found[0].first > 0:
            lost = plural(found[0].first, "frame")
            return [f"The journal lacks its first {lost}, and what was learned from them: figures may differ."]
        return []


def archive(files: Sequence[str]) -> list[Start]:
    """Return the places from which archives can be read: their beginning."""
    return [ArchiveStart(files)]


def journal(directory: Path, snapshots: Path | None = None) -> Iterator[Start]:
    """Yield the places from which a journal can be read, the latest first; its beginning is the last one."""
    for kept in good_snapshots(snapshots) if snapshots is not None else ():
        if not isinstance(kept, JournalError):
            yield JournalStart(directory, kept)
    yield JournalStart(directory)


def restored(start: Start, engine: Engine) -> Engine | None:
    """Return an engine at a place; None if its snapshot cannot be used, as one of another version."""
    try:
        start.restore(engine)
    except AiopsError:
        return None
    return engine
