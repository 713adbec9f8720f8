"""`aiops config check --connect` reaches each database, and reports what its role may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiops_connectors.databases.example import PASSWORD, READER, SharedServer
from typer.testing import CliRunner

from aiops.app.collecting import checked_databases, open_readers
from aiops.cli.app import app
from aiops.collect.requests import Read
from aiops.errors import AiopsError
from aiops.respond.config import RespondConfig


@pytest.fixture
def config(postgresql: SharedServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("ORDERS_DB", f"{READER}:{PASSWORD}")
    monkeypatch.setenv("WRONG_DB", f"{READER}:wrong-4455")
    secrets = {
        name: {"use": "basic", "env": env, "hosts": ["127.0.0.1"]}
        for name, env in (("right", "ORDERS_DB"), ("wrong", "WRONG_DB"))
    }
    url = f"postgresql://127.0.0.1:{postgresql.port}/postgres"
    system = {"kind": "postgresql", "url": url, "secret": "right", "entities": ["orders-db"]}
    return {"secrets": secrets, "systems": {"orders": system}, "allow_private": True}


def test_a_database_is_reached_with_the_role_of_its_secret(config: dict[str, Any]) -> None:
    assert checked_databases(msgspec.convert(config, RespondConfig))[0] == "system orders: connected"
    config["systems"]["wrong"] = {**config["systems"]["orders"], "secret": "wrong"}
    with pytest.raises(AiopsError, match=r"^respond\.systems\.wrong: .*password authentication failed") as failed:
        checked_databases(msgspec.convert(config, RespondConfig))
    assert "wrong-4455" not in str(failed.value)


def test_an_answer_hides_the_password_and_a_reason_names_no_address(config: dict[str, Any]) -> None:
    readers = open_readers(msgspec.convert(config, RespondConfig), lambda: 0.0)
    orders = readers["orders"]
    assert (orders.kind, orders.entities, list(orders.secrets)) == ("postgresql", ("orders-db",), [PASSWORD])
    read = Read("sql", 5.0, statement="select 1 as a, null as b, 'x' as c", limit=5)
    assert json.loads(orders.read(read, lambda: True)) == [{"a": [1], "c": ["x"]}]
    quoting = Read("sql", 5.0, statement="select :a::integer", parameters={"a": f"ann@example.org {PASSWORD}"}, limit=5)
    with pytest.raises(AiopsError, match=r'type integer: "\[e-mail\] \[redacted\]"'):
        orders.read(quoting, lambda: True)


def test_the_command_names_the_systems_and_connects(config: dict[str, Any], tmp_path: Path) -> None:
    file, system = tmp_path / "aiops.toml", config["systems"]["orders"]
    text = ["[respond]\nallow_private = true\n[respond.systems.orders]\n"]
    text += [f"{key} = {json.dumps(value)}\n" for key, value in system.items()]
    text += [f"[respond.secrets.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items())
             for name, one in config["secrets"].items()]  # fmt: skip
    file.write_text("".join(text))
    found = CliRunner().invoke(app, ["config", "check", "--connect", str(file)])
    assert found.exit_code == 0, found.output
    assert {"systems: orders", "system orders: connected"} <= set(found.output.splitlines())
