"""The kinds of systems that collectors read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops import registry
from aiops.errors import UsageError
from aiops.respond import database_kinds
from aiops.respond.collectors import SOURCES
from aiops.respond.config import RespondConfig
from aiops.respond.database_kinds import database_named, installed
from aiops.respond.read_systems import READ_KINDS
from aiops.respond.systems import read_systems

SECRETS: dict[str, Any] = {
    "orders-db": {"use": "basic", "env": "ORDERS_DB", "hosts": ["db.example"]},
    "token": {"use": "bearer", "env": "TOKEN", "hosts": ["db.example"]},
}
URL = "postgresql://db.example/orders"


def read(**fields: Any) -> Any:
    config = {"secrets": SECRETS, "systems": {"a": {"kind": "postgresql", **fields}}}
    return read_systems(msgspec.convert(config, RespondConfig))["a"]


def test_each_source_has_its_kind_of_system() -> None:
    assert {*READ_KINDS, "sql"} == set(SOURCES)
    assert set(installed().kinds) == {"sql", "postgresql"}
    assert not set(READ_KINDS) & set(installed().kinds)


def test_a_database_has_an_address_a_login_and_entities() -> None:
    found = read(url=URL, secret="orders-db", entities=["orders-db*"])
    assert (found.url, found.secret, found.entities) == (URL, "orders-db", ("orders-db*",))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, r"a\.url: expected the address"),
        ({"url": "https://db.example/orders"}, r"a\.url: expected postgresql:// or postgres://; got 'https"),
        ({"url": "postgresql://app:hunter2@db.example/orders"}, r"a\.url: expected it without user[^2]*$"),
        ({"url": URL, "secret": "token"}, r'a\.secret: expected one of use = "basic" \(role:password\); \'token\''),
        ({"url": "postgresql://other.example/orders", "secret": "orders-db"}, "not for the host 'other.example'"),
        ({"url": URL, "options": {"sslmode": "disable"}}, r"a\.options: unknown option 'sslmode' \(use user"),
    ],
)
def test_a_database_that_cannot_work_is_refused_at_the_start(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read(**fields)


def test_entities_of_a_system_that_no_collector_reads_are_refused() -> None:
    with pytest.raises(UsageError, match=r"a\.entities: expected none for the kind awx, which no collector reads"):
        read(kind="awx", url="https://awx.example", entities=["orders-db"])
    assert read(kind="loki", url="https://loki.example", entities=["cart"]).entities == ("cart",)


@pytest.mark.parametrize("field", ["url", "secret", "ca_file"])
def test_what_a_file_does_not_need_is_refused(field: str) -> None:
    with pytest.raises(UsageError, match=rf"a\.{field}: expected none for the kind sql"):
        read(**{"kind": "sql", "options": {"file": "a.db"}, field: "https://a" if field == "url" else "token"})


def test_a_plugin_that_cannot_be_loaded_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(group: str, name: str) -> Any:
        return {"a": object, "b": None}.get(name) or 1 / 0

    monkeypatch.setattr(registry, "names", lambda group: ["a", "b"])
    monkeypatch.setattr(registry, "load", load)
    found = installed.__wrapped__()
    assert found.kinds == {}
    assert found.problems == {
        "a": "expected a subclass of aiops.step_kinds.databases.Database; got <class 'object'>",
        "b": "ZeroDivisionError: division by zero",
    }
    monkeypatch.setattr(database_kinds, "installed", lambda: found)
    with pytest.raises(UsageError, match=r"unknown kind of database 'b' \(ZeroDivisionError"):
        database_named("b")
    with pytest.raises(UsageError, match=r"'c' \(use none: is the distribution installed\?\)"):
        database_named("c")
