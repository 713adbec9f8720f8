"""The broker that tests use: what it says where it cannot be, and that its data outlives a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.testing import kafka_jars
from aiops.testing.kafka import main
from aiops.testing.kafka_broker import free_ports
from aiops.testing.kafka_jars import BrokerUnavailable, cache_directory, java_version
from aiops.testing.kafka_properties import Ports, server_properties


def test_no_java_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match="expected `java` 17 or newer"):
        java_version()
    assert main(["fetch"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_old_java_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(BrokerUnavailable, match="expected Java 17 or newer; got 11"):
        java_version()


def test_no_maven_is_said_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kafka_jars, "java_version", lambda: 17)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match="expected Maven"):
        kafka_jars.jars(tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/jars"))


def test_the_cache_is_where_users_want_it() -> None:
    assert str(cache_directory({"XDG_CACHE_HOME": "/c"})) == "/c/aiops-test-kafka"
    assert str(cache_directory({"HOME": "/h"})) == "/h/.cache/aiops-test-kafka"


def test_a_user_cannot_write_configuration(tmp_path: Path) -> None:
    ports = Ports(*free_ports(7))
    with pytest.raises(UsageError, match="letters, digits"):
        server_properties(tmp_path, ports, {"a": 'x"; evil="y'}, None, 1)
