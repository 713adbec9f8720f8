"""Secrets of steps: what would keep a run from one is known before it begins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiops.respond.audit import Trail
from aiops.respond.config import RunSecret
from aiops.respond.guard_case import Policy, World
from aiops.respond.runs import Runner
from aiops.respond.secrets import Secrets
from aiops.respond.transport import RunTransport
from aiops.step_kinds.exchange import Request
from aiops.step_kinds.systems import System

HERE = "https://ops.example"
STEP = {"kind": "http", "name": "restart", "url": HERE, "path": ["{{ host }}"], "secret": "ops"}
UNDO = {**STEP, "name": "undo", "secret": "undo"}
Found = tuple[str, str]


def secret(**changes: Any) -> RunSecret:
    return msgspec.convert({"use": "bearer", "hosts": ["ops.example"], "env": "OPS", **changes}, RunSecret)


def refused(samples: SimpleNamespace, directory: Path, secrets: Secrets, **changes: Any) -> Found | None:
    """The answer of the guard `system` on a plan."""
    book = samples.playbook(steps=[STEP], **changes)
    trail, transport = Trail(directory / "audit.jsonl"), RunTransport({})
    runner = Runner(
        {book.name: book}, samples.topology(), trail, transport, Policy("approve"), now=samples.at, secrets=secrets
    )
    try:
        plan = runner.plan(samples.view("WorkerHangs"), book.name, World(samples.at + 120))
    finally:
        trail.close()
        transport.close()
    [check] = [one for one in plan.checks if one.guard == "system"]
    return (check.code, check.reason) if check.state == "refused" else None


def test_a_run_whose_secret_is_there_is_not_refused(
    samples: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", "tok-123456")
    assert refused(samples, tmp_path, Secrets({"ops": secret()})) is None


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_secret_that_is_not_set_refuses_the_plan(
    samples: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("OPS", raising=False)
    if value is not None:
        monkeypatch.setenv("OPS", value)
    secrets = Secrets({"ops": secret()})
    expected = "secret 'ops': expected it in the environment variable OPS; not set"
    assert secrets.problems() == [expected]
    assert refused(samples, tmp_path, secrets) == ("secret_missing", expected)


def test_a_file_that_is_gone_or_empty_refuses_the_plan(samples: SimpleNamespace, tmp_path: Path) -> None:
    token, trail = tmp_path / "token", tmp_path / "trail"
    trail.mkdir()
    secrets = Secrets({"ops": secret(env="", file=str(token))})
    for content, reason in ((None, "No such file"), ("", "expected one line"), ("a\nb", "expected one line")):
        if content is not None:
            token.write_text(content)
        found = refused(samples, trail, secrets)
        assert found is not None
        assert (found[0], reason in found[1]) == ("secret_missing", True)
    token.write_text("tok-123456\n")
    assert refused(samples, trail, secrets) is None


def test_a_secret_of_the_rollback_counts_before_the_first_request(
    samples: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", "tok-123456")
    known = {"ops": secret()}
    found = refused(samples, tmp_path, Secrets(known), rollback=[UNDO])
    assert found == ("secret_misdirected", "secret 'undo' is not configured: add [respond.secrets.undo]")


@pytest.mark.parametrize("hosts", [["other.example"], ["ops.example:8443"]])
def test_a_secret_of_another_place_refuses_the_plan_wherever_it_is_made(
    samples: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hosts: list[str]
) -> None:
    monkeypatch.delenv("OPS", raising=False)
    # A replay on another host knows the configuration, and not the values.
    secrets = Secrets({"ops": secret(hosts=hosts)}, is_here=False)
    found = refused(samples, tmp_path, secrets)
    assert found is not None
    assert found[0] == "secret_misdirected"
    assert "is not for ops.example: add it to `hosts` of [respond.secrets.ops]" in found[1]
    assert refused(samples, tmp_path, Secrets({"ops": secret()}, is_here=False)) is None


def test_the_secret_of_a_system_goes_to_the_port_of_that_system_alone() -> None:
    system = System("prod", "awx", "https://ops.example:8443", "ops")
    secrets = Secrets({"ops": secret()}, {"prod": system}, is_here=False)

    def place(url: str, **more: Any) -> str | None:
        return secrets.misdirected(Request("GET", url, secret="ops", **more))

    assert place("https://ops.example:8443/api", system="prod") is None
    assert place("https://ops.example:8443/api") == (
        "secret 'ops' is not for ops.example:8443: add it to `hosts` of [respond.secrets.ops]"
    )
    assert place("https://ops.example:9443/api", system="prod") is not None
    assert place("https://evil.example:8443/api", system="prod") is not None


def test_what_no_parameter_can_mend_is_known_without_a_plan(
    samples: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", "tok-123456")
    book = samples.playbook(steps=[STEP], rollback=[UNDO])
    assert Secrets({"ops": secret(), "undo": secret()}).lacking(book) == []
    assert Secrets({"ops": secret(hosts=["a.example"])}).lacking(book) == [
        "playbook restart-worker, step 'restart': secret 'ops' is not for ops.example: add it to `hosts` of "
        "[respond.secrets.ops]",
        "playbook restart-worker, step 'undo': secret 'undo' is not configured: add [respond.secrets.undo]",
    ]
