"""The retention job removes what the configuration does not keep, and survives a disk that refuses."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.config import Config, JournalConfig, StateConfig
from aiops.daemon.retention_job import RetentionJob
from aiops.engine.engine import Engine
from aiops.ports import DeadLetter
from aiops.store import audit
from aiops.store.retention import KeepConfig
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0
DAY_S = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def job(tmp_path: Path, clock: Clock) -> Iterator[RetentionJob]:
    config = Config(
        state=StateConfig(str(tmp_path)), store=KeepConfig(letters_s=DAY_S), journal=JournalConfig(keep_s=DAY_S)
    )
    daemon = bare_daemon(config, Engine, clock=clock)
    with daemon.store.database.transaction() as connection:
        audit.add_letters(connection, [DeadLetter("http", "$", "expected JSON", b"{", NOW)], NOW)
    yield daemon.retention_job
    daemon.close()


def letters(job: RetentionJob) -> int:
    return len(audit.letters(job._state.store.database.reader))


def test_rows_are_kept_for_their_age_and_removed_after_it(job: RetentionJob, clock: Clock) -> None:
    job.step()
    assert letters(job) == 1
    clock.now += DAY_S + 1.0
    job.step()
    assert letters(job) == 0


def test_a_store_that_refuses_is_logged_and_tried_again(
    job: RetentionJob, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **more: object) -> int:
        raise sqlite3.OperationalError("database is locked")

    clock.now += DAY_S + 1.0
    monkeypatch.setattr("aiops.daemon.retention_job.prune", refuse)
    with caplog.at_level(logging.WARNING, "aiops"):
        job.step()
    assert [record.message for record in caplog.records] == ["retention failed; it is tried again"]
    assert letters(job) == 1
    monkeypatch.undo()
    job.step()
    assert letters(job) == 0


def test_it_ends_at_once_although_its_pause_is_long(job: RetentionJob) -> None:
    job.start()
    job.stop()
    assert not job._thread.is_alive()
