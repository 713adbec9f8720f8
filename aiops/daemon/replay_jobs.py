"""Replays that people start on the page or by the API: one at a time, bounded, and kept for a while.

A job reads the daemon's own journal or an uploaded archive in a process of its own, which takes processor time that
nothing else wants. Jobs are kept in memory: a restart forgets them, and their files are removed.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from aiops.config import DEFAULT_SETTLE_S, Config, load_config
from aiops.daemon.replay_process import Outcome, ReplayProcess
from aiops.daemon.replay_uploads import Uploads
from aiops.engine.config import EngineConfig
from aiops.errors import UsageError
from aiops.private import private_directory
from aiops.replay_keys import PAGED_BY, PAGER, check_key, known_keys
from aiops.telemetry.logs import log
from aiops.views.replay import Compared, Job, Limits, Order, ReplayBusy

# A person compares a handful; each keeps a result of at most some hundred kB.
MAX_KEPT = 10
MAX_CHANGES, MAX_VALUE_CHARS = 20, 2_000
# Keys whose values name files: a person at a browser may not have the daemon read any file of its machine.
_FILES = ("topology", "options")
_SECTIONS = (*EngineConfig.__struct_fields__, "topology", "endpoints", "route", "time_intervals", "inhibit_rules")
Start = Callable[[Path, Order, Callable[[Outcome], None]], ReplayProcess]


class _Kept(Struct):
    job: Job
    process: ReplayProcess | None = None
    result: Compared | None = None


class ReplayJobs:
    """The replays of a daemon; safe for many threads. `clock` gives Unix seconds."""

    def __init__(
        self,
        directory: Path,
        journal: Path,
        config: Config,
        clock: Callable[[], float],
        start: Start = ReplayProcess,
    ) -> None:
        self._directory, self._journal, self._config, self._clock = directory, journal, config, clock
        self._start = start
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self.uploads = Uploads(directory / "uploads", config.replay.max_upload_bytes, clock)

    def start(self) -> None:
        """Remove what an earlier daemon left."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def stop(self, timeout_s: float) -> None:
        """End what runs, and remove all files."""
        for kept in self._all():
            if kept.process is not None:
                kept.process.cancel()
                kept.process.join(timeout_s)
        shutil.rmtree(self._directory, ignore_errors=True)

    def submit(
        self,
        actor: str,
        changes: Mapping[str, str],
        *,
        archive: str | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> Job:
        """Start a replay of an archive, or of the journal `since` to `until`; return its job.

        Raise `UsageError` for what does not fit, and while another one runs.
        """
        if not self._config.replay.enabled:
            raise UsageError("replay: disabled (`replay.enabled` is false)")
        before = self._checked(changes)
        source, path = self._source(archive, since, until)
        job = Job(secrets.token_hex(6), "running", actor, source, dict(changes), self._clock(), before=before)
        job.archive, job.since, job.until = archive or "", since, until
        order = self._order(changes, path, since, until)
        with self._lock:
            self._refuse_second()
            self._begin(job, order)
        log(logging.INFO, "a replay was started", job=job.id, actor=actor, source=source)
        self._expire()
        return job

    def keys(self) -> dict[str, str]:
        """Return the keys that can be changed, with their present values."""
        config = self._load({})
        present = msgspec.to_builtins(config)
        policies = [f"endpoints.{one.name}.{key}" for one in config.endpoints for key in PAGED_BY if key != "settle_s"]
        plain = {key: shown(present, key) for key in [*known_keys(), *policies] if not names_files(key)}
        settles = {
            f"endpoints.{one.name}.settle_s.{severity}": f"{one.settles(severity):g}"
            for one in config.endpoints
            for severity in DEFAULT_SETTLE_S
        }
        return plain | settles

    def listed(self) -> list[Job]:
        """Return the jobs, newest first."""
        return [self._shown(kept) for kept in self._all()][::-1]

    def get(self, name: str) -> tuple[Job, Compared | None]:
        """Return a job and, once it is done, its result; raise `KeyError` for an unknown one."""
        with self._lock:
            kept = self._kept[name]
        return self._shown(kept), kept.result

    def cancel(self, name: str) -> bool:
        """End a job that runs; return False if it had ended. Raise `KeyError` for an unknown one."""
        with self._lock:
            kept = self._kept[name]
        if kept.job.state != "running" or kept.process is None:
            return False
        kept.process.cancel()
        return True

    def remove(self, name: str) -> None:
        """Remove a job with its result, and end it if it runs; raise `KeyError` for an unknown one."""
        self.cancel(name)
        with self._lock:
            self._kept.pop(name, None)
        shutil.rmtree(self._directory / name, ignore_errors=True)

    def _all(self) -> list[_Kept]:
        with self._lock:
            return list(self._kept.values())

    def _shown(self, kept: _Kept) -> Job:
        progress = kept.process.progress if kept.process is not None else kept.job.progress
        return structs.replace(kept.job, progress=progress)

    def _refuse_second(self) -> None:
        running = next((kept.job for kept in self._kept.values() if kept.job.state == "running"), None)
        if running is not None:
            raise ReplayBusy(f"replay: {running.id} of {running.actor} is running; wait for it, or cancel it")

    def _begin(self, job: Job, order: Order) -> None:
        directory = private_directory(private_directory(self._directory) / job.id)
        kept = self._kept[job.id] = _Kept(job)
        try:
            kept.process = self._start(directory, order, lambda outcome: self._end(job.id, outcome))
        except OSError as error:
            del self._kept[job.id]
            raise UsageError(f"replay: {error.strerror or error}") from error

    def _end(self, name: str, outcome: Outcome) -> None:
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None:
                state = "cancelled" if outcome.was_cancelled else "failed" if outcome.result is None else "done"
                kept.job = structs.replace(kept.job, state=state, problem=outcome.problem, ended_at=self._clock())
                kept.result = outcome.result
        shutil.rmtree(self._directory / name, ignore_errors=True)

    def _expire(self) -> None:
        with self._lock:
            ended = [name for name, kept in self._kept.items() if kept.job.state != "running"]
            for name in ended[: max(0, len(self._kept) - MAX_KEPT)]:
                del self._kept[name]

    def _source(self, archive: str | None, since: float | None, until: float | None) -> tuple[str, str]:
        """Return the input in words, and the archive's path; an empty path is the journal."""
        if archive is not None:
            if since is not None or until is not None:
                raise UsageError("replay: expected an archive or a stretch of the journal; got both")
            found, path = self.uploads.path(archive)
            return found.name, str(path)
        if since is not None and until is not None and until <= since:
            raise UsageError(f"replay: expected an end after the start (got {since:g} to {until:g})")
        return "journal", ""

    def _checked(self, changes: Mapping[str, str]) -> dict[str, str]:
        """Return the present values of the changed keys; raise `UsageError` for a change that does not fit."""
        if len(changes) > MAX_CHANGES:
            raise UsageError(f"changes: expected at most {MAX_CHANGES}; got {len(changes)}")
        for key, value in changes.items():
            check_key(key, "changes")
            if names_files(key):
                raise UsageError(f"changes: {key} names files; compare it with `aiops replay --against`")
            if not value.strip() or len(value) > MAX_VALUE_CHARS:
                raise UsageError(f"changes: {key}: expected a value of up to {MAX_VALUE_CHARS} characters")
        self._load(changes)
        present = msgspec.to_builtins(self._load({}))
        return {key: shown(present, key) for key in changes}

    def _load(self, changes: Mapping[str, str]) -> Config:
        settings = self._settings()
        pager = [] if self._config.endpoints else [PAGER]
        try:
            return load_config(None, [*pager, *(f"{key}={value}" for key, value in changes.items())], settings)
        except UsageError as error:
            text = str(error).removeprefix("settings: ").removeprefix("configuration: ").removeprefix("--set ")
            raise UsageError(f"changes: {text}") from None

    def _settings(self) -> dict[str, Any]:
        """Return what a replay needs of the configuration; no secret and no address of a receiver is in it."""
        plain: dict[str, Any] = msgspec.to_builtins(self._config)
        wanted = {name: plain[name] for name in _SECTIONS if plain.get(name) is not None}
        wanted["inhibition"] = plain["inhibition"]
        wanted["endpoints"] = [{**endpoint, "options": {}} for endpoint in plain["endpoints"]]
        return wanted

    def _order(self, changes: Mapping[str, str], path: str, since: float | None, until: float | None) -> Order:
        bounds = self._config.replay
        limits = Limits(bounds.max_s, bounds.memory_bytes, bounds.max_records, bounds.max_unpacked_bytes)
        journal = "" if path else str(self._journal)
        return Order(self._settings(), dict(changes), limits, journal, path, since, until)


def names_files(key: str) -> bool:
    """Return True for a key whose value may name a file."""
    return any(part in _FILES for part in key.split("."))


def shown(plain: Any, key: str) -> str:
    """Return the value of a dotted key as text; items of a list are found by their name.

    >>> shown({"endpoints": [{"name": "pager", "max_updates": 20}]}, "endpoints.pager.max_updates")
    '20'
    """
    found = plain
    for step in key.split("."):
        if isinstance(found, list):
            found = next((one for one in found if isinstance(one, dict) and one.get("name") == step), None)
        else:
            found = found.get(step) if isinstance(found, dict) else None
    if found is None:
        return "not set"
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
