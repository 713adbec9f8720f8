"""The daemon of the demo: real, on loopback, gone afterwards."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import httpx2
import pytest

from aiops.app import demo
from aiops.app.demo import demo_config, demo_site, free_port
from aiops.errors import AiopsError, UsageError
from aiops.records import Alert, Record
from tests.waiting import eventually


@pytest.fixture
def topology(tmp_path: Path) -> Path:
    found = tmp_path / "topology.json"
    found.write_text('{"nodes": [], "edges": []}')
    return found


def alerts(count: int) -> list[Record]:
    now = time.time()
    return [
        Alert(ts=now - count + n, name="DiskFull", id=f"a-{n}", entity=f"db-{n % 3}", severity="critical", service="db")
        for n in range(count)
    ]


def test_demo_serves_what_it_played(tmp_path: Path, topology: Path) -> None:
    played: list[int] = []
    with demo_site(tmp_path / "state", topology, 0) as site:
        site.play(alerts(1_200), played.append)
        assert sum(played) == 1_200
        assert site.url.startswith("http://127.0.0.1:")
        [incident] = eventually(site.incidents)
        assert incident.severity == "critical"
        assert httpx2.get(f"{site.url}incidents/{incident.id}", timeout=60).status_code == 200
        assert site.daemon.health()["conserved"]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(site.url, timeout=60)


def test_demo_is_for_this_machine_alone(tmp_path: Path, topology: Path) -> None:
    config = demo_config(tmp_path, topology, 0)
    assert (config.http.host, config.endpoints, config.http.options) == ("127.0.0.1", [], {})


def test_demo_takes_a_free_port_where_its_own_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(demo, "PORT", taken.getsockname()[1])
        assert free_port() == 0
    assert free_port() == demo.PORT


def test_demo_takes_another_port_where_its_own_is_taken_meanwhile(
    tmp_path: Path, topology: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo, "free_port", lambda: port)
        with demo_site(tmp_path, topology) as site:
            assert httpx2.get(site.url, timeout=60).status_code == 200
            assert f":{port}" not in site.url


def test_demo_refuses_a_given_port_that_is_in_use(tmp_path: Path, topology: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot listen"), demo_site(tmp_path, topology, taken.getsockname()[1]):
            pass


def test_demo_reports_records_that_the_daemon_does_not_take(
    tmp_path: Path, topology: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "PUT_S", 0.05)
    with demo_site(tmp_path, topology, 0) as site:
        site.daemon.inbox.refuse(True)
        with pytest.raises(AiopsError, match="did not take the records"):
            site.play(alerts(1), lambda count: None)
        site.daemon.inbox.refuse(False)
