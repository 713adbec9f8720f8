"""Clocks that jump or are off: nothing is bent for longer than a minute, and health says which clock it is."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.payloads.prometheus_push import PrometheusPush

from aiops.config import Config, StateConfig
from aiops.daemon.clocks import LASTS_S, MAX_SENDERS, Offsets, SteadyClock
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.journal import read
from aiops.ports import Received
from aiops.records import Alert, Record
from aiops.testing.daemon_process import spawn
from tests.daemons import bare_daemon

START = 1_795_000_000.0
ABSURD = 4_000_000_000.0


class Clock:
    """A clock that the test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Host:
    """A host with a clock for people, which may be wrong, and one that only goes on."""

    def __init__(self) -> None:
        self.clock, self.monotonic = Clock(START), Clock(50.0)
        self.steady = SteadyClock(self.clock, self.monotonic)

    def pass_(self, seconds: float) -> None:
        self.clock.now += seconds
        self.monotonic.now += seconds


def fault(number: int, at: float, **fields: object) -> Alert:
    return Alert(ts=at, name=f"Fault{number}", entity=f"e{number}", severity="critical", **fields)  # type: ignore[arg-type]


def opened(directory: Path, clock: Any) -> Daemon:
    return bare_daemon(Config(state=StateConfig(str(directory))), Engine, clock=clock)


def feed(daemon: Daemon, *records: Record) -> None:
    answer = daemon.inbox.submit(Received(list(records)))
    assert answer is not None
    daemon.pump.round()
    assert answer.result(0) is True


def tick(daemon: Daemon) -> None:
    """One look at the clock, without waiting for records."""
    daemon.inbox.wake()
    daemon.pump.round()


def closed(daemon: Daemon) -> None:
    daemon.snapshots.wait(5.0)
    daemon.close()


def changes(directory: Path) -> list[IncidentChanged]:
    """What a fold of the journal makes of it: the daemon's decisions."""
    events = Engine().step(list(read(directory / "journal")))
    return [event for event in events if isinstance(event, IncidentChanged)]


def openings(directory: Path) -> list[str]:
    return [change.incident.title or "" for change in changes(directory) if change.change == "opened"]


def test_a_step_that_does_not_last_is_not_taken() -> None:
    host = Host()
    host.clock.now += 7200
    assert host.steady() == START
    assert host.steady.step_s == 7200
    host.pass_(2.0)
    assert host.steady() == START + 2
    host.clock.now -= 7200
    assert host.steady() == START + 2
    assert host.steady.step_s == 0


@pytest.mark.parametrize("step", [7200.0, -7200.0, 30.0])
def test_a_step_that_lasts_is_taken(step: float) -> None:
    host = Host()
    host.clock.now += step
    host.steady()
    host.pass_(LASTS_S - 1)
    assert host.steady() == START + LASTS_S - 1
    host.pass_(1.0)
    assert host.steady() == START + LASTS_S + step
    assert host.steady.step_s == 0


def test_a_clock_that_is_slewed_is_followed() -> None:
    host = Host()
    for _ in range(100):
        host.pass_(1.0)
        host.clock.now += 0.5
        assert host.steady() == host.clock.now


def test_the_host_two_hours_ahead_for_two_seconds_ends_nothing(tmp_path: Path) -> None:
    host = Host()
    daemon = opened(tmp_path, host.steady)
    feed(daemon, fault(0, START, starts_at=START))
    host.clock.now += 7200
    tick(daemon)
    assert "the host's clock jumped 2 h 0 min forward" in daemon.health()["clock"]["detail"]
    host.pass_(2.0)
    feed(daemon, fault(1, host.clock.now))
    host.clock.now -= 7200
    for number in range(2, 5):
        host.pass_(1200.0)
        feed(daemon, fault(number, host.clock.now))
    closed(daemon)
    found = changes(tmp_path)
    assert max(change.at for change in found) <= host.clock.now
    assert len(openings(tmp_path)) == 5, "two at the time of the jump, and one each afterwards"


def test_the_host_two_hours_ahead_for_long_leaves_nobody_deaf(tmp_path: Path) -> None:
    """Without a steady clock beneath: the engine sets its time back, and says so."""
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, fault(0, START))
    clock.now += 7200
    tick(daemon)
    clock.now += 2 - 7200
    tick(daemon)
    daemon.pump._account()
    told = daemon.health()
    assert told["clock"]["engine_ahead_s"] > 7000
    assert any("engine time is 1 h 59 min ahead" in text for text in told["warnings"])
    assert "\naiops_engine_clock_ahead_seconds 7" in daemon.metrics_text()
    for _ in range(10):
        clock.now += 5
        tick(daemon)
    for number in range(1, 4):
        clock.now += 1200
        feed(daemon, fault(number, clock.now))
    daemon.pump._account()
    told = daemon.health()
    assert told["clock"]["engine_ahead_s"] < 60
    assert told["clock"]["set_backs"] == 1
    assert "aiops_engine_clock_set_backs_total 1" in daemon.metrics_text()
    closed(daemon)
    assert openings(tmp_path) == [f"Fault{number} on e{number}" for number in range(4)]


def test_the_first_record_of_a_fresh_state_may_be_of_2096(tmp_path: Path) -> None:
    """From a file or a topic, which take it; health names the sender."""
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, fault(9, ABSURD, source="broken"))
    daemon.pump._account()
    warnings = daemon.health()["warnings"]
    assert any("1 alert of broken gave a time over a day ahead" in text for text in warnings), warnings
    assert 'aiops_source_absurd_times_total{source="broken"} 1' in daemon.metrics_text()
    for number in range(5):
        clock.now += 1200
        feed(daemon, fault(number, clock.now))
        for _ in range(3):
            clock.now += 2
            tick(daemon)
    closed(daemon)
    assert len(openings(tmp_path)) == 6
    daemon = opened(tmp_path, clock)
    clock.now += 1200
    feed(daemon, fault(7, clock.now))
    closed(daemon)
    assert openings(tmp_path)[-1] == "Fault7 on e7"


def late_post(now: float, late_s: float, start: float, end: float | None = None) -> bytes:
    """What a Prometheus posts whose clock is late."""
    item = {
        "labels": {"alertname": "SkewedProm", "instance": "sk1", "severity": "critical"},
        "annotations": {},
        "startsAt": written(start),
        "endsAt": written(now - late_s + 240 if end is None else end),
        "generatorURL": "http://prom-a:9090/graph",
    }
    return json.dumps([item]).encode()


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def test_a_prometheus_ten_minutes_late_fires_and_resolves_and_health_names_it(tmp_path: Path) -> None:
    clock, posted = Clock(START), PrometheusPush(load_mapping("alertmanager"))
    daemon = opened(tmp_path, clock)
    for _ in range(8):
        taken = posted.take(late_post(clock.now, 600, START - 660), {}, clock.now)
        feed(daemon, *taken.records)
        for _ in range(12):
            clock.now += 5
            tick(daemon)
    daemon.pump._account()
    told = daemon.health()
    name = next(iter(told["clock"]["sources"]))
    assert "prom-a:9090" in name
    assert told["clock"]["sources"][name] == pytest.approx(-360, abs=10)
    assert any(f"the clock of {name}" in text and "late" in text for text in told["warnings"])
    end = clock.now - 600 - 10
    for _ in range(2):
        feed(daemon, *posted.take(late_post(clock.now, 600, START - 660, end), {}, clock.now).records)
        clock.now += 60
    for _ in range(80):
        clock.now += 5
        tick(daemon)
    closed(daemon)
    assert [change.change for change in changes(tmp_path) if change.change != "updated"] == ["opened", "resolved"]


@pytest.mark.parametrize("step_s", [7200.0, -7200.0])
def test_a_step_of_the_host_is_not_blamed_on_senders(tmp_path: Path, step_s: float) -> None:
    """The senders go by their own clocks, which are right."""
    host = Host()
    daemon = opened(tmp_path, host.steady)

    def passes(seconds: int, off_s: float) -> None:
        for _ in range(seconds // 5):
            feed(daemon, fault(0, host.monotonic.now - 50.0 + START + off_s, source="prom"))
            host.pass_(5.0)

    passes(60, 0.0)
    host.clock.now += step_s
    for seconds in (10, 20, 60, 300):
        passes(seconds, 0.0)
        daemon.pump._account()
        told = daemon.health()["clock"]
        assert "the host's clock jumped 2 h 0 min" in told["detail"], seconds
        assert "prom" not in told["detail"]
    assert "the host's clock is wrong, as that of 1 sender did not jump" in told["detail"] or step_s < 0
    closed(daemon)


def test_senders_that_share_a_step_that_did_not_last_are_not_blamed(tmp_path: Path) -> None:
    host = Host()
    daemon = opened(tmp_path, host.steady)
    feed(daemon, fault(0, START, source="prom"))
    host.clock.now += 7200
    host.steady()
    feed(daemon, fault(1, host.clock.now, source="prom"))
    host.pass_(2.0)
    host.clock.now -= 7200
    feed(daemon, fault(2, host.clock.now, source="prom"))
    daemon.pump._account()
    assert daemon.health()["clock"]["ok"]
    closed(daemon)


def test_two_senders_that_are_off_alike_are_less_likely_wrong_than_the_host(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    for number in range(40):
        clock.now += 10.0
        feed(daemon, *(fault(number, clock.now + 200, source=name) for name in ("zabbix", "prom")))
    detail = daemon.health()["clock"]["detail"]
    assert "the host's clock is 3 min 20 s late, or more, or those of all 2 senders are 3 min 20 s ahead" in detail
    assert "zabbix" not in detail
    closed(daemon)


def test_offsets_of_senders_are_bounded_and_old_alerts_are_no_late_clock() -> None:
    offsets = Offsets()
    for number in range(5 * MAX_SENDERS):
        offsets.seen([fault(0, START + 90, source=f"tool{number}")], START)
    assert len(offsets.estimates()) == MAX_SENDERS
    old = Offsets()
    for number in range(100):
        old.seen([fault(0, START - 5000, source="poller")], START + 10 * number)
    assert old.estimates() == {}
    late = Offsets()
    for number in range(100):
        now = START + 10 * number
        late.seen([fault(0, now - 400 - number % 7, source="a"), fault(0, now - 0.2, source="b")], now)
    assert late.estimates()["a"] == pytest.approx(-400, abs=1)
    assert late.estimates()["b"] == pytest.approx(-0.2, abs=0.01)


@pytest.mark.parametrize(
    ("fields", "offset"),
    [
        ({"ts": START + 3, "starts_at": ABSURD}, 3.0),
        ({"ts": START - 2, "starts_at": START - 1, "status": "resolved", "ends_at": ABSURD}, -1.0),
        ({"ts": ABSURD}, None),
        ({"ts": ABSURD, "starts_at": START + 7200}, 7200.0),
    ],
)
def test_a_time_that_cannot_be_is_counted_and_is_no_offset(fields: dict[str, Any], offset: float | None) -> None:
    """The alert's other times tell what its clock is."""
    offsets = Offsets()
    for second in range(0, 180, 60):
        one = {key: at + second if key != "status" and at != ABSURD else at for key, at in fields.items()}
        offsets.seen([Alert(name="x", source="cron", **one)] * 100, START + second)
    assert offsets.estimates() == ({} if offset is None else {"cron": pytest.approx(offset)})
    assert {name: one.alerts for name, one in offsets.absurd().items()} == {"cron": 300}


def test_an_end_that_is_only_expected_may_be_far_ahead() -> None:
    """A firing alert's end is a lease."""
    offsets = Offsets()
    offsets.seen([Alert(ts=START, name="x", source="a", status="firing", ends_at=ABSURD)], START)
    assert offsets.absurd() == {}


def test_senders_of_absurd_times_are_bounded() -> None:
    offsets = Offsets()
    for number in range(3 * MAX_SENDERS):
        offsets.seen([fault(0, ABSURD, source=f"tool{number}")], START)
    assert len(offsets.absurd()) == MAX_SENDERS


def test_ends_of_two_replicas_of_a_real_service_resolve_over_http(tmp_path: Path) -> None:
    """Firing, resolved, firing of the other replica, resolved with the same end: by Alertmanager and by Grafana."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "aiops.toml"
    config.write_text(
        f'[state]\ndirectory = "{tmp_path / "state"}"\n[http]\nport = {port}\n[incidents]\nresolve_after_s = 1.0\n'
    )
    daemon = spawn(config, tmp_path / "state", tmp_path / "log")
    daemon.wait_ready()
    try:
        until(lambda: get(port, "/readyz") is not None)
        for connector in ("alertmanager", "grafana"):
            start, name = time.time(), f"Ha-{connector}"
            post(port, connector, name, "firing", start)
            end = time.time()
            post(port, connector, name, "resolved", start, end)
            post(port, connector, name, "firing", start)
            post(port, connector, name, "resolved", start, end)
        until(lambda: [one["status"] for one in incidents(port)] in (["resolved"], ["resolved"] * 2))
    finally:
        daemon.stop()


def until(reached: Any) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get(port: int, path: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return json.loads(answer.read())
    except OSError:
        return None


def incidents(port: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(port, "/api/v1/incidents")["incidents"]
    return found


def post(port: int, connector: str, name: str, status: str, start: float, end: float | None = None) -> None:
    labels = {"alertname": name, "instance": "11792", "severity": "critical"}
    ends_at = "0001-01-01T00:00:00Z" if end is None else written(end)
    alert = {"status": status, "labels": labels, "annotations": {}, "startsAt": written(start), "endsAt": ends_at}
    body = {"version": "4", "status": status, "alerts": [alert], "groupLabels": {}, "commonLabels": labels}
    body |= {"commonAnnotations": {}, "externalURL": "http://am"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/ingest/{connector}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
