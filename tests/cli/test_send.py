"""`aiops send` against real daemons over HTTP: in order, within their limits, and nothing lost when one is killed."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from aiops.archive import Rejections
from aiops.cli.app import app
from aiops.cli.send import _outcome
from aiops.errors import AiopsError, UsageError
from aiops.journal import read
from aiops.records import Alert
from aiops.sending import BODY_RECORDS, Reply, Sender, open_daemon, paced, shifted, wait_for_engine_time
from aiops.testing.daemon_process import DaemonProcess, Hatchery
from aiops.testing.kafka_broker import free_ports

LONG_AGO = 1_660_000_000.0
DEADLINE_S = 60.0
TOKEN = "not-a-secret-but-long-enough"


def until(done: Any, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


def lines(*alerts: tuple[str, float], name: str = "DiskFull") -> bytes:
    return b"".join(
        msgspec.json.encode({"kind": "alert", "ts": ts, "name": name, "id": id, "entity": f"host-{id}"}) + b"\n"
        for id, ts in alerts
    )


def tokens(scope: str) -> str:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return f'[[http.options.tokens]]\nname = "replay"\nscopes = ["{scope}"]\nsha256 = "{digest}"\n'


class Site:
    """A daemon in a process of its own, and `aiops send` beside it."""

    def __init__(self, hatchery: Hatchery, directory: Path, extra: str = "") -> None:
        self.directory = directory / "state"
        [self.port] = free_ports(1)
        self.config = directory / "aiops.toml"
        self.config.write_text(f'[state]\ndirectory = "{self.directory}"\n[http]\nport = {self.port}\n{extra}')
        self.url = f"http://127.0.0.1:{self.port}"
        self._hatchery = hatchery
        self.daemon: DaemonProcess | None = None

    def start(self) -> DaemonProcess:
        self.daemon = self._hatchery.start(self.config, self.directory)
        self.daemon.wait_ready()
        return self.daemon

    def kill(self) -> None:
        daemon, self.daemon = self.daemon, None
        if daemon is not None:
            daemon.kill()

    def send(self, *arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "aiops.cli", "send", *arguments, "--url", self.url]
        done = subprocess.run(command, input=stdin or b"", capture_output=True, check=False, timeout=100)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def journaled(self) -> list[Alert]:
        return [record for record in read(self.directory / "journal") if isinstance(record, Alert)]


@pytest.fixture(scope="module")
def hatchery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hatchery]:
    with Hatchery(tmp_path_factory.mktemp("hatchery") / "daemon.log") as hatchery:
        yield hatchery


@pytest.fixture
def site(hatchery: Hatchery, tmp_path: Path) -> Iterator[Site]:
    site = Site(hatchery, tmp_path)
    site.start()
    yield site
    site.kill()


def test_files_and_standard_input_go_in_order_of_time(site: Site, tmp_path: Path) -> None:
    """Plain, packed and piped; what has the same time keeps the order of the files."""
    (tmp_path / "one.jsonl").write_bytes(lines(("a1", LONG_AGO), ("a2", LONG_AGO + 10), ("a3", LONG_AGO + 20)))
    (tmp_path / "two.jsonl.gz").write_bytes(gzip.compress(lines(("b1", LONG_AGO + 10), ("b2", LONG_AGO + 15))))
    piped = gzip.compress(lines(("c1", LONG_AGO + 10), ("c2", LONG_AGO + 30)))
    code, out, err = site.send(str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl.gz"), "-", stdin=piped)
    assert (code, err) == (0, "")
    assert out == "7 records accepted, 0 rejected, 0 late\n"
    assert [record.id for record in site.journaled()] == ["a1", "a2", "b1", "c1", "b2", "a3", "c2"]


def test_what_is_no_record_is_reported_and_the_rest_is_sent(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    truth = b'{"kind":"incident","id":"i-1","opened_at":1660000000}\n'
    path.write_bytes(lines(("a1", LONG_AGO)) + b"no json\n" + truth + lines(("a2", LONG_AGO)))
    code, out, err = site.send(str(path), "--json")
    found = msgspec.json.decode(out)
    assert code == 1
    assert (found["accepted"], found["rejected"], found["invalid"], found["left_out"]) == (2, 0, 1, 1)
    assert f"{path}:2: " in err
    assert [record.id for record in site.journaled()] == ["a1", "a2"]


def test_what_the_daemon_rejects_is_reported(site: Site, tmp_path: Path) -> None:
    """A time far ahead is an archive record, and is none that the daemon takes."""
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(("a1", LONG_AGO), ("a2", time.time() + 86_400)))
    code, out, err = site.send(str(path))
    assert (code, out) == (1, "1 record accepted, 1 rejected, 0 late\n")
    assert "ahead of the time of receipt" in err


def test_times_are_shifted_so_that_the_last_is_now(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(*((f"a{n}", LONG_AGO + n) for n in range(5))))
    began = time.time()
    assert site.send(str(path), "--shift-to-now")[0] == 0
    times = [record.ts for record in site.journaled()]
    assert began <= times[-1] <= time.time()
    assert [round(times[-1] - at, 3) for at in times] == [4, 3, 2, 1, 0]


def test_late_records_are_counted_in_the_answer_the_health_and_the_metrics(site: Site, tmp_path: Path) -> None:
    now, old = tmp_path / "now.jsonl", tmp_path / "old.jsonl"
    now.write_bytes(lines(("n1", time.time())))
    old.write_bytes(lines(*((f"a{n}", LONG_AGO + n) for n in range(12))))
    assert site.send(str(now))[1] == "1 record accepted, 0 rejected, 0 late\n"
    assert site.daemon is not None
    assert site.daemon.health()["late"] == {"ok": True, "detail": "", "records": {}}
    code, out, _ = site.send(str(old), "--allow-late")
    assert code == 0
    assert out.startswith("12 records accepted, 0 rejected, 12 late\n12 records came up to ")
    assert "`aiops send --shift-to-now --speed N`" in out
    assert "fresh state directory" in out
    health = site.daemon.health()
    assert health["late"]["records"] == {"http": 12}
    assert any("source http: 12 records came up to" in warning for warning in health["warnings"])
    assert 'aiops_records_late_total{source="http"} 12' in site.daemon.metrics()


def live(site: Site, tmp_path: Path) -> None:
    """Let the daemon's time be now."""
    (tmp_path / "now.jsonl").write_bytes(lines(("n1", time.time())))
    assert site.send(str(tmp_path / "now.jsonl"))[1] == "1 record accepted, 0 rejected, 0 late\n"
    until(lambda: site.daemon is not None and site.daemon.health()["engine_time"], "the record to be processed")


@pytest.mark.parametrize("arguments", [[], ["--shift-to-now"], ["--speed", "1000"]])
def test_history_is_not_sent_to_a_daemon_that_is_past_it(site: Site, tmp_path: Path, arguments: list[str]) -> None:
    """With its last record at now all others are late; nothing is taken, so that nobody is paged."""
    live(site, tmp_path)
    path = tmp_path / "day.jsonl"
    path.write_bytes(lines(*((f"a{n}", LONG_AGO + 600.0 * n) for n in range(144))))
    code, out, err = site.send(str(path), *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    count = 143 if "--shift-to-now" in arguments else 144
    assert f"nothing was sent: {count} of 144 records lie up to " in err
    for way in ("`aiops send --shift-to-now --speed N`", "fresh state directory", "`--allow-late`"):
        assert way in err
    assert [record.id for record in site.journaled()] == ["n1"]


def test_the_way_that_is_named_works(site: Site, tmp_path: Path) -> None:
    """The first record at now, and the others at their pace: nothing is late."""
    live(site, tmp_path)
    path = tmp_path / "day.jsonl"
    path.write_bytes(lines(*((f"a{n}", LONG_AGO + 600.0 * n) for n in range(144))))
    code, out, err = site.send(str(path), "--shift-to-now", "--speed", "1000000")
    assert (code, out, err) == (0, "144 records accepted, 0 rejected, 0 late\n", "")


def test_a_few_stragglers_are_sent(site: Site, tmp_path: Path) -> None:
    live(site, tmp_path)
    path = tmp_path / "tail.jsonl"
    path.write_bytes(lines(("old", LONG_AGO), *((f"a{n}", time.time()) for n in range(9))))
    code, out, _ = site.send(str(path))
    assert code == 0
    assert out.startswith("10 records accepted, 0 rejected, 1 late\n1 record came up to ")


def test_an_ingest_token_is_enough_to_be_refused(hatchery: Hatchery, tmp_path: Path) -> None:
    """Health asks for the scope `read`, which a sender has not."""
    site = Site(hatchery, tmp_path, tokens("ingest"))
    site.start()
    (tmp_path / "now.jsonl").write_bytes(lines(("n1", time.time())))
    (tmp_path / "old.jsonl").write_bytes(lines(("a1", LONG_AGO)))
    assert site.send(str(tmp_path / "now.jsonl"), "--token", TOKEN)[0] == 0

    def reached() -> bool:
        query_time = open_daemon(site.url, None)[1]
        return query_time() is not None

    until(reached, "the record to be processed")
    code, _, err = site.send(str(tmp_path / "old.jsonl"), "--token", TOKEN)
    assert (code, "nothing was sent: 1 of 1 record lie" in err) == (2, True)
    site.kill()


def test_an_archive_in_one_go_is_not_late(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    count = 2 * BODY_RECORDS + 100
    path.write_bytes(lines(*((f"a{n}", LONG_AGO + n) for n in range(count))))
    assert site.send(str(path))[1] == f"{count:,} records accepted, 0 rejected, 0 late\n"


def test_a_token_is_asked_for(hatchery: Hatchery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(hatchery, tmp_path, tokens("ingest"))
    site.start()
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(("a1", LONG_AGO)))
    code, out, err = site.send(str(path))
    assert (code, out) == (2, "")
    assert "the daemon refuses (401)" in err
    assert site.send(str(path), "--token", TOKEN)[0] == 0
    monkeypatch.setenv("AIOPS_TOKEN", TOKEN)
    assert site.send(str(path))[0] == 0
    site.kill()


def test_a_daemon_that_is_killed_in_the_middle_loses_nothing(site: Site, tmp_path: Path) -> None:
    count = 20 * BODY_RECORDS
    path = tmp_path / "many.jsonl"
    path.write_bytes(lines(*((f"a{n}", LONG_AGO + n / 10) for n in range(count))))
    command = [sys.executable, "-m", "aiops.cli", "send", str(path), "--url", site.url, "--json"]
    sending = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for part in (4, 10):
        assert site.daemon is not None
        enough = part * BODY_RECORDS
        until(lambda: site.daemon.health()["journal"]["record"] > enough, "a part of it")  # noqa: B023
        site.kill()
        site.start()
    out, err = sending.communicate(timeout=100)
    assert (sending.returncode, err) == (0, b"")
    found = msgspec.json.decode(out)
    assert found["accepted"] == count
    seen = Counter(record.id for record in site.journaled())
    assert set(seen) == {f"a{n}" for n in range(count)}
    repeats = sum(seen.values()) - count
    assert repeats <= found["repeated_bodies"] * BODY_RECORDS
    assert site.daemon is not None

    def duplicates() -> int:
        assert site.daemon is not None
        [line] = [one for one in site.daemon.metrics().splitlines() if 'disposition="duplicate"' in one]
        return int(line.rpartition(" ")[2])

    until(lambda: duplicates() >= repeats, "the copies to be counted")


class Daemon:
    """Answers from a list; the last answer stays."""

    def __init__(self, *answers: Reply | OSError | int) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []
        self.slept: list[float] = []
        self.now = 0.0

    def post(self, body: bytes) -> Reply:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        if isinstance(answer, int):
            # A limit in bytes.
            if len(body) > answer:
                return Reply(413)
            self.bodies.append(body)
            return ok(body.count(b"\n"))
        self.bodies.append(body)
        return answer

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def sender(self) -> Sender:
        return Sender(self.post, sleep=self.sleep, monotonic=lambda: self.now)


def ok(accepted: int, late: int = 0, late_s: float = 0.0) -> Reply:
    answer = {"accepted": accepted, "rejected": 0, "late": late, "late_s": late_s, "problems": []}
    return Reply(200, 0.0, msgspec.json.encode(answer))


def test_late_records_of_all_bodies_are_one_total() -> None:
    daemon = Daemon(ok(1, 1, 7_200.0), ok(1), ok(1, 1, 600.0))
    sender = daemon.sender()
    for n in range(3):
        sender.add(alert(n))
        sender.flush()
    assert (sender.sent.late, sender.sent.late_s) == (2, 7_200.0)
    hint = _outcome(sender.sent, Rejections(), 0).hint
    assert hint is not None
    assert hint.startswith("2 records came up to 2 h late")


def test_a_daemon_that_starts_is_waited_for_and_one_that_is_not_there_is_said_soon() -> None:
    clock = Daemon(ok(1))
    answers = [OSError("refused"), OSError("refused"), None]

    def query_time() -> float | None:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, OSError):
            raise answer
        return 5.0

    assert wait_for_engine_time(query_time, sleep=clock.sleep, monotonic=lambda: clock.now) == 5.0
    answers[:] = [OSError("refused")]
    with pytest.raises(AiopsError, match="does not answer: refused; gave up after 10 s"):
        wait_for_engine_time(query_time, sleep=clock.sleep, monotonic=lambda: clock.now)


def alert(n: int, size: int = 0) -> Alert:
    return Alert(ts=float(n), name="x", id=f"a{n}", message="y" * size)


def test_a_busy_daemon_is_waited_for_as_it_asks() -> None:
    daemon = Daemon(Reply(503, 7.0), Reply(503, 0.0), ok(1))
    sender = daemon.sender()
    sender.add(alert(1))
    sender.flush()
    assert daemon.slept[0] == 7.0
    assert 0 < daemon.slept[1] < 7.0
    assert (sender.sent.accepted, sender.sent.repeated) == (1, 0)
    assert len(set(daemon.bodies)) == 1


def test_bodies_that_are_too_large_are_parted_and_stay_so() -> None:
    daemon = Daemon(1_000)
    sender = daemon.sender()
    for n in range(20):
        sender.add(alert(n, 200))
    sender.flush()
    parted = len(daemon.bodies)
    assert max(map(len, daemon.bodies)) <= 1_000
    assert sender.sent.accepted == 20
    ids = [msgspec.json.decode(line)["id"] for body in daemon.bodies for line in body.splitlines()]
    assert ids == [f"a{n}" for n in range(20)]
    assert parted < 20


def test_one_record_that_is_too_large_is_rejected_and_the_rest_goes_on() -> None:
    daemon = Daemon(1_000)
    sender = daemon.sender()
    for n in range(5):
        sender.add(alert(n, 2_000 if n == 2 else 10))
    sender.flush()
    assert (sender.sent.accepted, sender.sent.rejected) == (4, 1)
    assert "larger than the daemon accepts" in sender.sent.problems[0]


def test_an_answer_that_did_not_come_is_asked_for_again() -> None:
    daemon = Daemon(OSError("reset"), OSError("refused"), ok(1))
    sender = daemon.sender()
    sender.add(alert(1))
    sender.flush()
    assert (sender.sent.accepted, sender.sent.repeated) == (1, 2)


def test_nobody_there_is_said_soon_and_a_restart_is_waited_for() -> None:
    nobody = Daemon(OSError("refused"))
    sender = nobody.sender()
    sender.add(alert(1))
    with pytest.raises(AiopsError, match="does not answer: refused; gave up after 10 s"):
        sender.flush()
    restarted = Daemon(ok(1), *[OSError("refused")] * 20, ok(1))
    sender = restarted.sender()
    for n in range(2):
        sender.add(alert(n))
        sender.flush()
    assert sender.sent.accepted == 2
    assert restarted.now > 10


def test_a_refusal_is_no_reason_to_come_again() -> None:
    daemon = Daemon(Reply(401, 0.0, b'{"error":"expected a token"}'))
    sender = daemon.sender()
    sender.add(alert(1))
    with pytest.raises(UsageError, match=r"refuses \(401\): expected a token"):
        sender.flush()
    assert daemon.slept == []


def test_the_pace_is_that_of_the_records() -> None:
    clock = Daemon(ok(1))
    flushed: list[float] = []
    records = [Alert(ts=at, name="x") for at in (100.0, 100.0, 110.0, 109.0, 130.0)]
    seen = [
        (record.ts, clock.now)
        for record in paced(records, 2.0, lambda: clock.now, clock.sleep, lambda: flushed.append(clock.now))
    ]
    assert seen == [(100.0, 0.0), (100.0, 0.0), (110.0, 5.0), (109.0, 5.0), (130.0, 15.0)]
    assert flushed == [0.0, 5.0]


def test_all_times_of_an_alert_are_moved() -> None:
    moved = shifted(Alert(ts=10.0, name="x", starts_at=5.0, ends_at=12.0), lambda at: at + 100.0)
    assert isinstance(moved, Alert)
    assert (moved.ts, moved.starts_at, moved.ends_at) == (110.0, 105.0, 112.0)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8640", "file:///etc/passwd", "http://", "http://x:99999999"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--url"):
        open_daemon(url, None)


def test_wrong_usage_has_its_own_exit_code(tmp_path: Path) -> None:
    for arguments in (["nosuch.jsonl"], ["-", "-"], [str(tmp_path / "x"), "--speed", "0"]):
        result = CliRunner().invoke(app, ["send", *arguments])
        error = result.exception
        assert isinstance(error, UsageError | typer.Exit | SystemExit), arguments
        assert getattr(error, "exit_code", 2) == 2
