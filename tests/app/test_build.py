"""What is built of a configuration: the parts and their joints, and that nothing stays open after a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.app import build as building
from aiops.app.build import build, build_daemon, check, guard_of, left_out, sources_of, topology_of
from aiops.app.engine import build_engine
from aiops.config import Config, EndpointConfig, HttpConfig, SourceConfig, StateConfig, load_config
from aiops.daemon.opening import Clocks
from aiops.engine.engine import Engine
from aiops.errors import AiopsError, UsageError
from aiops.ports import Received
from aiops.records import Alert
from aiops.respond.config import RespondConfig
from aiops.testing.receiver import Receiver, receiving
from aiops.topology import Topology
from tests.waiting import eventually

NOW = 1_772_400_000.0


def config(directory: Path, **more: Any) -> Config:
    return Config(state=StateConfig(str(directory)), **{"http": HttpConfig(port=0), **more})


def hook(url: str) -> EndpointConfig:
    return EndpointConfig("hook", "webhook", {"url": url, "allow_private": True}, settle_s={"critical": 0.0})


def test_every_daemon_has_a_dispatcher_and_guarded_runs_only_where_enabled(tmp_path: Path) -> None:
    daemon = build(config(tmp_path, respond=RespondConfig(enabled=False)))
    try:
        assert (daemon.delivery is not None, daemon.runs) == (True, None)
        assert set(daemon.sources.health()) == {"http"}
        assert daemon.status == "starting"
    finally:
        daemon.close()


def test_an_incident_wakes_the_dispatcher(tmp_path: Path) -> None:
    with receiving() as receiver:
        wanted = config(tmp_path, endpoints=[hook(receiver.url)], http=HttpConfig(enabled=False))
        daemon = build(wanted)
        daemon.start()
        try:
            alert = Alert(ts=daemon.clock(), name="DiskFull", entity="db-1", severity="critical")
            assert daemon.inbox.put(Received([alert]), 60.0)
            eventually(lambda: receiver.requests)
        finally:
            daemon.stop()


def test_a_reload_sends_to_the_new_endpoints(tmp_path: Path) -> None:
    def names(receiver: Receiver, other: Receiver) -> Callable[[], Any]:
        return lambda: (len(receiver.requests), len(other.requests)) == (0, 1)

    with receiving() as old, receiving() as new:
        daemon = build(config(tmp_path, endpoints=[hook(old.url)], http=HttpConfig(enabled=False)))
        daemon.start()
        try:
            daemon.reload(config(tmp_path, endpoints=[hook(new.url)], http=HttpConfig(enabled=False)))
            alert = Alert(ts=daemon.clock(), name="DiskFull", entity="db-1", severity="critical")
            assert daemon.inbox.put(Received([alert]), 60.0)
            eventually(names(old, new))
        finally:
            daemon.stop()


def test_pages_are_mounted_beside_the_ingest(tmp_path: Path) -> None:
    daemon = build(config(tmp_path))
    [url] = daemon.sources.bind()
    daemon.start()
    try:
        with httpx2.Client(base_url=url.replace("localhost", "127.0.0.1"), timeout=60.0) as client:
            eventually(lambda: client.get("/readyz").status_code == 200)
            assert client.get("/api/v1/openapi.json").status_code == 200
    finally:
        daemon.stop()


def test_a_failure_after_the_state_was_opened_releases_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(core: object, topology: object, catalogue: object) -> None:
        raise AiopsError("respond: broken")

    monkeypatch.setattr(building, "open_runs", fail)
    with pytest.raises(AiopsError, match="respond: broken"):
        build(config(tmp_path))
    monkeypatch.undo()
    build(config(tmp_path)).close()


def test_the_name_of_the_ingest_cannot_be_used_twice(tmp_path: Path) -> None:
    source = SourceConfig("http", "file", {"path": str(tmp_path / "alerts.jsonl")})
    with pytest.raises(UsageError, match="use another one"):
        sources_of(config(tmp_path, sources=[source]))
    alone = config(tmp_path, sources=[source], http=HttpConfig(enabled=False))
    assert [one.name for one in sources_of(alone)] == ["http"]
    assert guard_of(sources_of(alone)) is None
    assert guard_of(sources_of(config(tmp_path))) is not None


def test_the_topology_is_empty_where_none_is_named(tmp_path: Path) -> None:
    assert topology_of(config(tmp_path)).nodes == Topology().nodes
    with pytest.raises(AiopsError):
        topology_of(config(tmp_path, topology=str(tmp_path / "missing.json")))


def test_what_is_left_out_is_in_the_health_and_refused_by_check(tmp_path: Path) -> None:
    path = tmp_path / "aiops.toml"
    path.write_text(
        f'[state]\ndirectory = "{tmp_path}/state"\n[http]\nport = 0\n[playbooks]\nuse = "playbooks"\n'
        f'[playbooks.options]\nplaybooks = "{tmp_path}/missing"\n'
    )
    wanted = load_config(path)
    with pytest.raises(UsageError, match="missing"):
        check(wanted)
    daemon = build(wanted)
    try:
        assert "missing" in daemon.health()["left_out"]["detail"]
    finally:
        daemon.close()


def test_check_opens_no_state_and_starts_no_thread(tmp_path: Path) -> None:
    threads = threading.active_count()
    lines = check(config(tmp_path / "state", endpoints=[hook("http://127.0.0.1:9/")]))
    assert lines[0] == "topology: 0 entities, 0 edges"
    assert "endpoints: hook" in lines
    assert not (tmp_path / "state").exists()
    assert threading.active_count() == threads


def test_models_without_problems_leave_nothing_out(tmp_path: Path) -> None:
    wanted = config(tmp_path)
    assert left_out(wanted, build_engine(wanted, Topology())) == []
    assert left_out(wanted, object()) == []


def test_a_daemon_of_given_parts_uses_their_clocks(tmp_path: Path) -> None:
    daemon = build_daemon(config(tmp_path), Engine, [], Clocks(lambda: NOW, lambda: 7.0), topology=Topology())
    try:
        assert (daemon.clock(), daemon.monotonic()) == (NOW, 7.0)
        assert daemon.health()["uptime_s"] == 0.0
    finally:
        daemon.close()


def test_topology_starts_at_the_folder_of_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/aiops.toml").write_text('topology = "graph.json"\n', encoding="utf-8")
    (tmp_path / "site/graph.json").write_text('{"nodes": [{"id": "web"}]}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "web" in topology_of(load_config(tmp_path / "site/aiops.toml")).nodes
    # Where only the working directory has it, it is read from there, as it was before.
    (tmp_path / "site/graph.json").rename(tmp_path / "graph.json")
    assert "web" in topology_of(load_config(tmp_path / "site/aiops.toml")).nodes
    (tmp_path / "graph.json").unlink()
    with pytest.raises(UsageError, match=r"site/graph\.json: No such file"):
        topology_of(load_config(tmp_path / "site/aiops.toml"))
