"""Mappings of a running daemon: relative to its configuration, and read again by a reload."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.config import load_config
from aiops.testing.daemon_process import spawn

MAPPING = """apiVersion: aiops/v1
kind: Mapping
name: shop
summary: Own.
rules:
  - {name: NAME, status: {value: down}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_reload_takes_a_good_mapping_over_and_keeps_the_old_for_a_broken_one(tmp_path: Path) -> None:
    port, mapping = free_port(), tmp_path / "maps" / "shop.yaml"
    mapping.parent.mkdir()
    mapping.write_text(MAPPING.replace("NAME", "title"))
    config = tmp_path / "aiops.toml"
    config.write_text(
        f'[state]\ndirectory = "{tmp_path / "state"}"\n[http]\nport = {port}\n'
        '[http.options.connectors.shop]\nmapping = "maps/shop.yaml"\nzone = "Europe/Berlin"\n'
    )
    daemon = spawn(config, tmp_path / "state", tmp_path / "log")
    try:
        daemon.wait_ready()
        base = f"http://127.0.0.1:{port}"

        def post(path: str, body: Any = None) -> httpx2.Response:
            deadline = time.monotonic() + 60
            while True:
                try:
                    return httpx2.post(base + path, json=body, timeout=60)
                except httpx2.ConnectError:
                    assert time.monotonic() < deadline

        def refused(body: Any) -> str:
            return str(post("/ingest/shop", body).json()["problems"])

        assert post("/ingest/shop", {"title": "a"}).json()["accepted"] == 1
        assert "expected the name at title" in refused({"subject": "a"})

        mapping.write_text("name: [")
        failed = post("/-/reload")
        assert failed.status_code == 500
        assert "shop.yaml" in failed.text
        assert post("/ingest/shop", {"title": "b"}).json()["accepted"] == 1

        mapping.write_text(MAPPING.replace("NAME", "subject"))
        assert post("/-/reload").status_code == 200
        assert post("/ingest/shop", {"subject": "c"}).json()["accepted"] == 1
        assert "expected the name at subject" in refused({"title": "a"})
    finally:
        assert daemon.stop() == 0


@pytest.mark.parametrize("place", ["http.options.connectors.a", "sources.options", "sources.options.mappings"])
def test_paths_of_mappings_start_at_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    key = "use" if place.endswith("mappings") else "mapping"
    text = {
        "http.options.connectors.a": '[http.options.connectors.a]\nmapping = "a.yaml"\n',
        "sources.options": '[[sources]]\nname = "s"\ntype = "kafka"\noptions = { mapping = "a.yaml" }\n',
        "sources.options.mappings": '[[sources]]\nname = "s"\ntype = "kafka"\n'
        '[[sources.options.mappings]]\nuse = "a.yaml"\n[[sources.options.mappings]]\nuse = "grafana"\n',
    }[place]
    (folder / "aiops.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert f'"{key}": "{folder / "a.yaml"}"' in str(load_config(folder / "aiops.toml")).replace("'", '"')
    # One that is only beside the working directory was read from there before.
    (tmp_path / "a.yaml").write_text("")
    assert f'"{key}": "a.yaml"' in str(load_config(folder / "aiops.toml")).replace("'", '"')
    (folder / "a.yaml").write_text("")
    assert f'"{key}": "{folder / "a.yaml"}"' in str(load_config(folder / "aiops.toml")).replace("'", '"')
