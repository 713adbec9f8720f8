"""Replays of a daemon: real processes over a real journal and archives, bounded in every way."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.config import Config, EndpointConfig, ReplayConfig
from aiops.daemon import replay_jobs
from aiops.daemon.replay_jobs import ReplayJobs, shown
from aiops.engine.config import EngineConfig
from aiops.errors import UsageError
from aiops.journal import Meta, Writer
from aiops.journal.frame import encode_lines
from aiops.records import Alert, Record
from aiops.views.replay import Compared, Job, ReplayBusy
from tests.waiting import eventually

NOW = 1_800_000_000.0
MB = 1 << 20


def alerts(count: int = 60) -> list[Record]:
    """Three services that fail one after the other, again and again."""
    return [
        Alert(
            ts=NOW - 3_000 + 20 * number,
            id=f"a-{number}",
            name=("HighLatency", "HighErrorRate", "PodRestarting")[number % 3],
            entity=f"web-{number % 5}",
            service=("web", "cart", "db")[number % 3],
            severity="critical",
        )
        for number in range(count)
    ]


def write_journal(directory: Path, records: list[Record]) -> None:
    writer = Writer(directory)
    writer.append(records, encode_lines(records), Meta(at=NOW))
    writer.close()


class Bench:
    """Jobs over a journal, with small bounds."""

    def __init__(self, directory: Path, config: Config | None = None, **replay: Any) -> None:
        self.directory = directory
        (directory / "journal").mkdir()
        write_journal(directory / "journal", alerts())
        config = config or Config(replay=ReplayConfig(**replay))
        self.now = NOW
        self.jobs = ReplayJobs(directory / "replays", directory / "journal", config, lambda: self.now)
        self.jobs.start()

    def upload(self, content: bytes, name: str = "alerts.jsonl") -> str:
        upload = self.jobs.uploads.begin()
        upload.write(content)
        return self.jobs.uploads.finish(upload, name).id

    def ended(self, job: Job) -> tuple[Job, Compared | None]:
        eventually(lambda: self.jobs.get(job.id)[0].state != "running")
        return self.jobs.get(job.id)

    def run(self, changes: dict[str, str] | None = None, **source: Any) -> tuple[Job, Compared | None]:
        return self.ended(self.jobs.submit("alice", changes or {}, **source))

    def problem(self, content: bytes) -> str:
        job, result = self.run(archive=self.upload(content))
        assert (job.state, result) == ("failed", None)
        return job.problem


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.jobs.stop(30)
    assert not (tmp_path / "replays").exists()


def line(**more: Any) -> bytes:
    record = {"kind": "alert", "ts": NOW, "name": "HighLatency", "entity": "web-1", "severity": "critical"}
    return json.dumps(record | more).encode() + b"\n"


def test_a_journal_is_compared_with_itself(bench: Bench) -> None:
    job, result = bench.run()
    assert (job.state, job.problem, job.source) == ("done", "", "journal")
    assert result is not None
    assert result.verdict.tone == "same"
    assert result.before == result.after
    assert result.before.alerts == 60
    assert result.before.incidents >= 1
    assert result.changed == []
    assert any("had learned before" in note for note in result.notes)


def test_a_change_of_the_policy_changes_the_pages_and_nothing_else(bench: Bench) -> None:
    job, result = bench.run({"endpoints.pager.max_updates": "0", "endpoints.pager.send_resolved": "false"})
    assert job.before == {"endpoints.pager.max_updates": "20", "endpoints.pager.send_resolved": "true"}
    assert result is not None
    assert result.after.pages < result.before.pages
    assert {one.kind for one in result.changed} == {"paged"}
    assert result.before.incidents == result.after.incidents


def test_a_stretch_of_the_journal_is_a_part_of_it(bench: Bench) -> None:
    _, result = bench.run(since=NOW - 3_000, until=NOW - 2_800)
    assert result is not None
    assert result.before.alerts == 10
    job, _ = bench.run(since=NOW + 10)
    assert job.problem == "there is no record in it: use a longer stretch, or another archive"


def test_an_archive_is_read_plain_and_compressed(bench: Bench) -> None:
    for content in (line() + line(name="Other", entity="db"), gzip.compress(line() + line(name="Other", entity="db"))):
        job, result = bench.run(archive=bench.upload(content, "my alerts"))
        assert result is not None, job
        assert (result.before.alerts, job.source) == (2, "my alerts")


def test_lines_that_are_no_records_are_counted_with_the_first_of_them(bench: Bench) -> None:
    _, result = bench.run(archive=bench.upload(b"[]\n{}\n" + line()))
    assert result is not None
    assert (result.rejected, len(result.rejections), result.before.alerts) == (2, 2, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>not this</html>\n", "archive: no line is a record (1 line): line 1: "),
        (b'{"kind": "alert"}\n' * 3, "archive: no line is a record (3 lines): line 1: "),
        (b"\n\n", "there is no record in it"),
        (b"\x1f\x8b\x08broken", "archive: Compressed file ended before the end-of-stream marker was reached"),
        (gzip.compress(line() * 99)[:60], "archive: Compressed file ended before the end-of-stream marker was reached"),
        (gzip.compress(os.urandom(50_000))[:9_000] + bytes(9_000), "archive: Error -3 while decompressing data"),
        (b"\x00" * 1000, "archive: no line is a record"),
        (b"[" * 100_000, "archive: no line is a record"),
    ],
    ids=["html", "incomplete", "empty-lines", "not-gzip", "cut-gzip", "damaged-gzip", "zeros", "nested"],
)
def test_input_that_is_no_archive_is_a_clear_problem(bench: Bench, content: bytes, problem: str) -> None:
    found = bench.problem(content)
    assert problem in found
    assert str(bench.directory) not in found


def test_a_gzip_bomb_ends_at_the_bound(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_unpacked_bytes=MB)
    for bomb in (b"a" * (60 * MB), b"\n" * (60 * MB), line() * 100_000):
        packed = gzip.compress(bomb)
        assert len(packed) < MB
        assert "1,048,576 bytes unpacked" in bench.problem(packed)
    bench.jobs.stop(30)


def test_more_records_than_the_bound_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_records=50)
    assert "more than 50 records" in bench.problem(line() * 51)
    assert "more than 50 lines are no records: line 1: " in bench.problem(b"{}\n" * 99)
    job, _ = bench.run()
    assert "more than 50 records" in job.problem
    bench.jobs.stop(30)


def test_a_replay_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_s=0.05)
    job, result = bench.run()
    assert (job.state, result) == ("failed", None)
    assert "it took longer than 0.05 s" in job.problem
    bench.jobs.stop(30)


def slow(bench: Bench) -> str:
    """An archive that takes some seconds."""
    records = (line(ts=NOW + n, name=f"Alert{n % 700}", entity=f"e-{n % 5_000}") for n in range(60_000))
    return bench.upload(b"".join(records))


def test_one_runs_at_a_time_and_can_be_cancelled(bench: Bench) -> None:
    job = bench.jobs.submit("alice", {}, archive=slow(bench))
    with pytest.raises(ReplayBusy, match=f"{job.id} of alice is running"):
        bench.jobs.submit("bob", {})
    eventually(lambda: bench.jobs.get(job.id)[0].progress.records > 0)
    assert bench.jobs.cancel(job.id)
    ended, result = bench.ended(job)
    assert (ended.state, ended.problem, result) == ("cancelled", "", None)
    assert not bench.jobs.cancel(job.id)
    assert bench.run()[0].state == "done"


def test_a_replay_runs_at_the_lowest_priority(bench: Bench) -> None:
    job = bench.jobs.submit("alice", {}, archive=slow(bench))
    eventually(lambda: bench.jobs.get(job.id)[0].progress.side)
    process = bench.jobs._kept[job.id].process
    assert process is not None
    pid = process._process.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    if hasattr(os, "SCHED_IDLE"):
        assert os.sched_getscheduler(pid) == os.SCHED_IDLE
    assert Path(f"/proc/{pid}/environ").read_bytes().count(b"SECRET_OF_THE_DAEMON") == 0
    bench.jobs.cancel(job.id)
    bench.ended(job)


def test_a_process_ends_with_its_parent(bench: Bench) -> None:
    job = bench.jobs.submit("alice", {}, archive=slow(bench))
    process = bench.jobs._kept[job.id].process
    assert process is not None
    eventually(lambda: bench.jobs.get(job.id)[0].progress.side)
    assert process._process.stdin is not None
    process._process.stdin.close()
    ended, _ = bench.ended(job)
    assert (ended.state, "ended with code 1" in ended.problem) == ("failed", True)


def test_ended_jobs_are_bounded_and_their_files_removed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_jobs, "MAX_KEPT", 2)
    names = [bench.run(since=NOW - 3_000, until=NOW - 2_900)[0].id for _ in range(4)]
    kept = [job.id for job in bench.jobs.listed()]
    assert kept == names[:-3:-1]
    assert [path.name for path in (bench.directory / "replays").iterdir() if path.name != "uploads"] == []
    bench.jobs.remove(names[-1])
    assert [job.id for job in bench.jobs.listed()] == [names[-2]]
    with pytest.raises(KeyError):
        bench.jobs.get(names[-1])


def test_a_new_daemon_removes_what_an_old_one_left(tmp_path: Path) -> None:
    left = tmp_path / "replays" / "uploads" / "old.jsonl"
    left.parent.mkdir(parents=True)
    left.touch()
    Bench(tmp_path)
    assert not left.exists()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"correlate.sensitvity": "0.4"}, "changes: unknown key 'correlate.sensitvity'; did you mean correlate.sens"),
        ({"correlate.sensitivity": "9"}, "$.correlate.sensitivity"),
        ({"correlate.sensitivity": "lots"}, "$.correlate.sensitivity"),
        ({"correlate.sensitivity": " "}, "changes: correlate.sensitivity: expected a value"),
        ({"http.port": "1"}, "no replay depends on it"),
        ({"topology": "/etc/passwd"}, "changes: topology names files; compare it with `aiops replay --against`"),
        ({"playbooks.options.runbooks": "/etc"}, "names files"),
        ({"endpoints.pager.options": "{}"}, "a replay delivers nothing"),
        ({"endpoints.nobody.max_updates": "1"}, "nobody"),
        ({f"correlate.x{n}": "1" for n in range(21)}, "expected at most 20; got 21"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_at_once(bench: Bench, changes: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        bench.jobs.submit("alice", changes)
    assert problem in str(caught.value)
    assert bench.jobs.listed() == []


def test_an_order_holds_no_address_and_no_secret_of_the_daemon(tmp_path: Path) -> None:
    endpoint = EndpointConfig("chat", "webhook", {"url": "https://hooks.example.org/T0/secret"})
    bench = Bench(tmp_path, Config(endpoints=[endpoint]))
    text = json.dumps(bench.jobs._settings())
    assert "secret" not in text
    assert "http" not in bench.jobs._settings()
    job, result = bench.run({"endpoints.chat.min_severity": "critical"})
    assert result is not None, job.problem
    assert set(result.before.by_endpoint) == {"chat"}
    bench.jobs.stop(30)


def test_every_section_that_decides_is_replayed() -> None:
    assert set(EngineConfig.__struct_fields__) <= set(replay_jobs._SECTIONS)


def test_sources_that_contradict_each_other_are_refused(bench: Bench) -> None:
    for source in ({"archive": "none"}, {"since": 5.0, "until": 4.0}):
        with pytest.raises(UsageError):
            bench.jobs.submit("alice", {}, **source)
    name = bench.upload(line())
    with pytest.raises(UsageError, match="got both"):
        bench.jobs.submit("alice", {}, archive=name, since=1.0)


def test_replays_can_be_disabled(tmp_path: Path) -> None:
    bench = Bench(tmp_path, enabled=False)
    with pytest.raises(UsageError, match="disabled"):
        bench.jobs.submit("alice", {})


def test_a_stop_ends_what_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    job = bench.jobs.submit("alice", {}, archive=slow(bench))
    began = time.monotonic()
    bench.jobs.stop(60)
    assert bench.jobs.get(job.id)[0].state == "cancelled"
    assert time.monotonic() - began < 30
    assert not (tmp_path / "replays").exists()


def test_values_are_found_by_their_key() -> None:
    plain = {"a": {"b": 0.5}, "endpoints": [{"name": "pager", "settle_s": {"high": 3.0}}]}
    assert [shown(plain, key) for key in ("a.b", "endpoints.pager.settle_s.high", "a.c", "x.y.z")] == [
        "0.5",
        "3.0",
        "not set",
        "not set",
    ]
