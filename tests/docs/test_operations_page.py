"""docs/operations.md names the states, files, reasons and settings that there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from aiops.app.build import build
from aiops.config import Config, HttpConfig, StateConfig
from aiops.daemon.status import Status
from aiops.lifecycle import Registry
from aiops.ports import Received
from aiops.records import Alert

Tables = Callable[[str], list[Any]]
Rows = Callable[..., list[Any]]
PAGE = "operations.md"


def first_column(tables: Tables, head: str) -> list[str]:
    [table] = [table for table in tables(PAGE) if table.header[0] == head]
    return [row[0].strip("`") for row in table.rows]


def test_every_status_in_its_order(tables: Tables) -> None:
    assert tuple(first_column(tables, "status")) == get_args(Status)


def test_every_file_of_the_state(tables: Tables, tmp_path: Path) -> None:
    """What a daemon that worked leaves, and the models that the command line adds."""
    daemon = build(Config(state=StateConfig(str(tmp_path)), http=HttpConfig(enabled=False)))
    daemon.start()
    try:
        assert daemon.inbox.put(Received([Alert(ts=daemon.clock(), name="Down", severity="critical")]), 10.0)
        while_running = {path.name for path in tmp_path.iterdir()}
    finally:
        daemon.stop()
    told = {*first_column(tables, "path"), "aiops.db-wal", "aiops.db-shm"}
    assert while_running | {path.name for path in tmp_path.iterdir()} <= told
    assert told - while_running <= {"models", "snapshots", "runs"}
    assert (tmp_path / "snapshots").is_dir()
    assert Registry(tmp_path / "models")


def test_every_reason_is_said_by_the_code(tables: Tables, root: Path) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (root / "aiops").rglob("*.py"))
    assert [reason for reason in first_column(tables, "reason") if reason not in source] == []


def test_every_key_that_pages_name_exists(rows: Rows, root: Path) -> None:
    keys = {row.name.replace("[]", "") for row in rows(Config)}
    sections = {key.partition(".")[0] for key in keys}
    unknown = []
    for page in [*root.glob("*.md"), *(root / "docs").glob("*.md")]:
        for span in re.findall(r"`([a-z]+\.[a-z_]+)`", page.read_text(encoding="utf-8")):
            if span.partition(".")[0] in sections and span not in keys and (root / span).suffix[1:] not in SUFFIXES:
                unknown.append(f"{page.name}: {span}")
    assert not unknown, "\n".join(map(str, unknown))


SUFFIXES = ("json", "jsonl", "yaml", "toml", "md")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"])
def test_every_address_is_served(path: str, tables: Tables, root: Path) -> None:
    assert path in first_column(tables, "address")
    assert f'Route("{path}"' in (root / "aiops/web/app.py").read_text(encoding="utf-8")
