"""Opening a state directory: a new one, one in use, what the start found, and that all is released again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.config import Config, StateConfig
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.opening import Clocks, OpenedState, open_state
from aiops.engine.engine import Engine
from aiops.errors import AiopsError
from aiops.journal import JournalError, Meta
from aiops.journal.frame import encode_lines
from aiops.journal.segment import segments
from aiops.records import Alert
from aiops.store.store import FILE_NAME

NOW = 1_772_400_000.0


def opened(directory: Path, make: Callable[[], HostedEngine] = Engine) -> OpenedState:
    return open_state(Config(state=StateConfig(str(directory))), make, None, Clocks(lambda: NOW))


def commit(state: OpenedState, number: int) -> None:
    records = [Alert(ts=NOW - 60 + number, name="DiskFull", entity="db-1", id=f"a-{number}")]
    state.writer.append([*records], encode_lines([*records]), Meta(at=NOW))


def test_a_new_directory_is_empty_and_has_nothing_to_report(tmp_path: Path) -> None:
    state = opened(tmp_path / "state")
    assert (state.recovered.frames, state.writer.number, state.warnings, state.store_problem) == (0, 0, [], "")
    assert state.opened_at == NOW
    state.close()


def test_the_journal_is_processed_and_the_store_brought_to_its_end(tmp_path: Path) -> None:
    state = opened(tmp_path)
    for number in range(3):
        commit(state, number)
    state.close()
    again = opened(tmp_path)
    assert (again.recovered.frames, again.recovered.records, again.writer.number) == (3, 3, 3)
    assert again.recovered.engine.accounts()["records"]["alert"] == 3
    again.close()


def test_one_process_at_a_time_may_open_it(tmp_path: Path) -> None:
    state = opened(tmp_path)
    with pytest.raises(AiopsError, match="another daemon uses it"):
        opened(tmp_path)
    state.close()
    opened(tmp_path).close()


def test_a_failure_releases_the_directory(tmp_path: Path) -> None:
    def fail() -> HostedEngine:
        raise AiopsError("topology: no such file")

    with pytest.raises(AiopsError, match="no such file"):
        opened(tmp_path, fail)
    opened(tmp_path).close()


def test_a_torn_end_of_the_journal_is_a_warning(tmp_path: Path) -> None:
    state = opened(tmp_path)
    commit(state, 0)
    state.close()
    with segments(tmp_path / "journal")[-1].path.open("ab") as file:
        file.write(b"torn")
    again = opened(tmp_path)
    assert [warning.partition(" (")[0] for warning in again.warnings] == [
        "the journal's last commit was cut off, and is cut away"
    ]
    again.close()


def test_a_store_that_is_missing_is_rebuilt_and_reported(tmp_path: Path) -> None:
    state = opened(tmp_path)
    commit(state, 0)
    state.close()
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    again = opened(tmp_path)
    assert again.store_problem.startswith(f"{FILE_NAME} is missing: what it lacked was rebuilt from the journal")
    again.close()


def test_a_journal_that_lacks_acknowledged_frames_is_refused(tmp_path: Path) -> None:
    state = opened(tmp_path)
    commit(state, 0)
    state.close()
    # The store has seen frame 0 by now; without it the journal ends too early.
    opened(tmp_path).close()
    for segment in segments(tmp_path / "journal"):
        segment.path.unlink()
    with pytest.raises(JournalError, match="and frames up to"):
        opened(tmp_path)
