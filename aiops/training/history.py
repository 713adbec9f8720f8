"""The history that trainers learn from: records, lessons of their replay, engines at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from aiops.app.engine import build_engine, build_models
from aiops.archive import Rejections, read, time_of
from aiops.backtest import Replay, replay
from aiops.backtest.truth import matched_incidents
from aiops.config import Config
from aiops.engine.engine import Engine
from aiops.errors import UsageError
from aiops.journal.reader import read as read_journal
from aiops.lifecycle import Data
from aiops.model_state import VERBS
from aiops.records import Action, Logged, Record, Skipped
from aiops.records.decode import encode
from aiops.topology import Topology
from aiops.trainers import Kind, Lesson
from aiops.training.lessons import Lessons
from aiops.training.order import Source


class _Learned(Struct):
    lessons: Lessons
    labelled: int


class ReplayedHistory:
    """Records of a source, with the engine's configuration; see `aiops.trainers.History`."""

    def __init__(self, source: Source, config: Config, topology: Topology, limit: int) -> None:
        """`limit` is the number of records at most."""
        self._source, self._config, self._topology, self._limit = source, config, topology, limit

    def records(self, until: float | None = None) -> Iterator[Logged]:
        """Yield the records before `until`; raise `UsageError` beyond the limit."""
        bounds = [end for end in (self._source.until, until) if end is not None]
        since, end = self._source.since, min(bounds, default=None)
        for number, record in enumerate(self._opened(since, end)):
            if number >= self._limit:
                raise UsageError(f"models: more than {self._limit:,} records: use a shorter stretch (--since)")
            yield record

    def lessons(self, kind: Kind, since: float | None = None, until: float | None = None) -> Iterator[Lesson]:
        """Yield the lessons of a kind with `since` <= at < `until`, from one replay of everything."""
        yield from self._learned.lessons.read(kind, since, until)

    def engine(self, until: float | None = None) -> Engine:
        """Return an engine that processed the records before `until`."""
        engine = build_engine(self._config, self._topology)
        batch: list[Logged] = []
        for record in self.records(until):
            batch.append(record)
            if len(batch) == 1_000:
                engine.step(batch)
                batch = []
        engine.step(batch)
        return engine

    @cached_property
    def data(self) -> Data:
        """Return what the history consists of; the hash is of each record's JSON, in order."""
        total, count = hashlib.sha256(), 0
        times: list[float] = []
        for record in self.records():
            count += 1
            total.update(encode(record) + b"\n")
            at = record.ts if isinstance(record, Skipped) else time_of(record)
            times = [min(times[0], at), max(times[1], at)] if times else [at, at]
        if not count:
            raise UsageError("models: there is no record to learn from: use a longer stretch, or another archive")
        roots = {one.view.id: one.is_label for one in self.lessons("cause") if one.root is not None}
        return Data(
            sources=self._source.names,
            since=times[0],
            until=times[1],
            records=count,
            hash=total.hexdigest(),
            confirmed=sum(not label for label in roots.values()),
            labelled=sum(roots.values()),
        )

    def _opened(self, since: float | None, until: float | None) -> Iterable[Logged]:
        if self._source.journal:
            return read_journal(Path(self._source.journal), since, until)
        found: Iterable[Record] = read(self._source.files, Rejections())
        return (
            one for one in found if (since is None or time_of(one) >= since) and (until is None or time_of(one) < until)
        )

    @cached_property
    def _learned(self) -> _Learned:
        engine: Engine
        lessons = Lessons(lambda: engine.timeline.now)
        models = lessons.recorded(build_models(self._config, self._topology))
        engine = build_engine(self._config, self._topology, models)
        done = replay((one for one in self.records() if not _replaces_a_model(one)), engine)
        return _Learned(lessons, lessons.confirm(_labelled_roots(done)))


def _replaces_a_model(record: Logged) -> bool:
    """Return True for a swap of a model that learns as it goes: the recorded ones must stay."""
    if not isinstance(record, Action) or record.verb not in VERBS:
        return False
    return record.args.get("slot") in ("causes", "playbooks", "similar")


def _labelled_roots(done: Replay) -> dict[str, str]:
    """Return the labelled cause of each reported incident, by its id."""
    found: dict[str, str] = {}
    for label, incident in matched_incidents(done).items():
        truth: Any = done.truths.incidents.get(label)
        if truth is not None and truth.root_cause is not None:
            found.setdefault(incident.id, truth.root_cause.entity)
    return found
