"""Jobs of automation systems are started once, as approved, and followed to their end over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiops_connectors.automation.argo import ArgoKind
from aiops_connectors.automation.awx import AwxKind
from aiops_connectors.automation.job import JobKind
from aiops_connectors.automation.rundeck import RundeckKind
from aiops_connectors.automation.ssm import SsmKind
from aiops_connectors.automation.stackstorm import StackStormKind

from aiops.errors import UsageError
from aiops.respond.calls import Call
from aiops.respond.config import RunSecret
from aiops.respond.execution import Execution
from aiops.respond.gate import PlanGate
from aiops.respond.history import Run
from aiops.respond.sending import Sent
from aiops.respond.states import read_states
from aiops.respond.step_registry import kind_named
from aiops.respond.transport import RunTransport
from aiops.step_kinds.exchange import Prepared
from aiops.step_kinds.systems import System
from tests.connectors.automation.documented import (
    KEYS,
    TOKEN,
    UUID,
    ArgoServer,
    AwxServer,
    Documented,
    RundeckServer,
    SsmServer,
    StackStormServer,
    serving,
)

NODE = "i-0123456789abcdef0"
AWX = {"kind": "awx", "name": "rotate", "template": 42, "extraVars": {"path": "/var/log"}, "limit": "{{ host }}"}
NAMED = {"kind": "awx", "name": "rotate", "template": "rotate-logs++Default", "extraVars": {"host": "{{ host }}"}}
RUNDECK = {"kind": "rundeck", "name": "rotate", "job": UUID, "options": {"host": "{{ host }}", "keep": 3}}
STACKSTORM = {"kind": "stackstorm", "name": "rotate", "action": "linux.rotate", "parameters": {"host": "{{ host }}"}}
ARGO = {"kind": "argo", "name": "fail over", "template": "fail-over", "parameters": {"cluster": "{{ host }}"}}
SSM = {"kind": "ssm", "name": "rotate", "document": "Ops-Rotate", "node": "{{ node }}", "parameters": {"keep": 3}}
SECRETS = {
    "awx": {"use": "bearer"},
    "argo": {"use": "bearer"},
    "rundeck": {"use": "header", "header": "X-Rundeck-Auth-Token"},
    "stackstorm": {"use": "header", "header": "St2-Api-Key"},
    "ssm": {"use": "aws", "region": "eu-west-1"},
}


class Job:
    """One step against a server, with the pauses that it would have made."""

    def __init__(self, server: Documented, raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
        kind = kind_named(raw["kind"])
        step = msgspec.convert(raw, kind.form)
        value = f"{KEYS.access_key}:{KEYS.secret_key}" if kind.kind == "ssm" else TOKEN
        monkeypatch.setenv("THE_SECRET", value)
        secret = msgspec.convert({"env": "THE_SECRET", "hosts": ["127.0.0.1"], **SECRETS[kind.kind]}, RunSecret)
        system = System("prod", kind.kind, server.url, "its", None, kind.Options())
        self.prepared = kind.prepare(step, {"host": "web-1", "node": NODE, **values}, system)
        given = {name: getattr(self.prepared, name) for name in Prepared.__struct_fields__}
        self.call = Call(**given, kind=kind.kind, phase="step", place="step 0", name=step.name, target="web-1")
        self.pauses: list[float] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        transport = RunTransport({"its": secret}, systems={"prod": system}, allow_private=True)
        self.gate = PlanGate([self.call], transport, lambda: None, self._pause)
        # Called between the plan and the launch, when another person may act.
        self.between: Callable[[], None] = lambda: None

    def _pause(self, pause_s: float) -> None:
        self.pauses.append(pause_s)

    def send(self) -> Sent:
        """Read for the plan, then launch as a run does."""
        run = Run("r1", "book", "1.0.0", "i1", ["web-1"], 0.0, states=read_states([self.call], self.gate))
        self.between()
        write = lambda kind, data: self.lines.append((kind, data))  # noqa: E731
        execution = Execution(run, self.gate, write, lambda: sum(self.pauses), states=run.states)
        return execution.send(self.call, "key")


CASES = [
    (AWX, AwxServer("pending", "running", "successful"), [{"extra_vars": {"path": "/var/log"}, "limit": "web-1"}]),
    (NAMED, AwxServer("waiting", "successful"), [{"extra_vars": {"host": "web-1"}}]),
    (RUNDECK, RundeckServer("running", "succeeded"), [{"host": "web-1", "keep": "3"}]),
    (
        STACKSTORM,
        StackStormServer("requested", "scheduled", "running", "succeeded"),
        [{"action": "linux.rotate", "parameters": {"host": "web-1"}}],
    ),
    (
        ARGO,
        ArgoServer("", "Pending", "Running", "Succeeded"),
        [(True, [{"name": "cluster", "value": "web-1"}]), (False, [{"name": "cluster", "value": "web-1"}])],
    ),
    (
        SSM,
        SsmServer("", "Pending", "InProgress", "Success"),
        [
            {
                "DocumentName": "Ops-Rotate",
                "InstanceIds": [NODE],
                "Parameters": {"keep": ["3"]},
                "MaxConcurrency": "1",
                "MaxErrors": "0",
            }
        ],
    ),
]


@pytest.mark.parametrize(("raw", "server", "started"), CASES, ids=lambda value: type(value).__name__)
def test_a_job_is_started_once_and_followed_to_its_end(
    raw: dict[str, Any], server: Documented, started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    states = len(server.words)
    with serving(server):
        sent = Job(server, raw, monkeypatch).send()
    assert (sent.problem, sent.was_sent) == (None, True)
    assert server.started == started
    assert server.asked == states


@pytest.mark.parametrize(
    ("raw", "server", "word"),
    [
        (AWX, AwxServer("running", "canceled"), "canceled"),
        (RUNDECK, RundeckServer("running", "failed-with-retry"), "failed-with-retry"),
        (STACKSTORM, StackStormServer("running", "abandoned"), "abandoned"),
        (ARGO, ArgoServer("Running", "Error"), "Error"),
        (SSM, SsmServer("InProgress", "TimedOut"), "TimedOut"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_job_that_ends_badly_fails_the_step(
    raw: dict[str, Any], server: Documented, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(server):
        sent = Job(server, raw, monkeypatch).send()
    assert sent.was_sent
    assert word in (sent.problem or "")


def test_a_job_that_never_ends_fails_at_the_limit_of_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(RundeckServer("running")) as server:
        job = Job(server, {**RUNDECK, "within": "30s"}, monkeypatch)
        sent = job.send()
    assert "running" in (sent.problem or "")
    assert 25 <= sum(job.pauses) <= 35
    assert len(server.started) == 1


@pytest.mark.parametrize(
    ("prompts", "reason"),
    [
        ({"ask_variables_on_launch": False}, "variables-ignored"),
        ({"ask_limit_on_launch": False}, "limit-ignored"),
        ({"passwords_needed_to_start": ["ssh_password"]}, "template-needs-input"),
        ({"credential_needed_to_start": True}, "template-needs-input"),
    ],
)
def test_awx_starts_nothing_that_would_ignore_what_is_given(
    prompts: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = AwxServer("successful")
    server.prompts = prompts
    with serving(server):
        sent = Job(server, AWX, monkeypatch).send()
    assert not sent.was_sent
    assert reason in (sent.problem or "")
    assert server.started == []


def test_awx_starts_nothing_on_another_inventory_than_the_plan_has(monkeypatch: pytest.MonkeyPatch) -> None:
    server = AwxServer("successful")
    with serving(server):
        job = Job(server, AWX, monkeypatch)
        [state] = read_states([job.call], job.gate)
        assert state.observed.summary == "launches job template rotate-logs on inventory production"
        job.between = lambda: setattr(server, "inventory", 4)
        sent = job.send()
    assert (sent.was_sent, sent.code) == (False, "changed_since_plan")
    assert "inventory was 3 and is 4" in (sent.problem or "")
    assert server.started == []


def test_awx_takes_variables_of_a_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    server = AwxServer("successful")
    server.prompts = {"ask_variables_on_launch": False, "survey_enabled": True}
    with serving(server):
        assert Job(server, AWX, monkeypatch).send().problem is None


@pytest.mark.parametrize(
    "host", ["all", "ALL", "*", "web-*", "web-1,db-1", "web-1:&db", "!web-1", "", "@file", "localhost"]
)
def test_awx_acts_on_one_host_only(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="one host"):
        Job(AwxServer("successful"), AWX, monkeypatch, host=host)


@pytest.mark.parametrize("node", ["*", "i-xyz", "i-0123456789abcdef0,i-1", "", "tag:all", "i-0123456789abcdef0\n"])
def test_systems_manager_acts_on_one_node_only(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="managed node"):
        Job(SsmServer("Success"), SSM, monkeypatch, node=node)


def test_argo_creates_nothing_that_its_dry_run_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ArgoServer("Succeeded")) as server:
        sent = Job(server, {**ARGO, "template": "unknown"}, monkeypatch).send()
    assert not sent.was_sent
    assert server.started == []


def test_an_id_that_does_not_look_like_one_is_never_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hostile(RundeckServer):
        def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
            assert method == "POST", path
            return 200, {"id": "../../job/other/run"}

    with serving(Hostile("running")) as server:
        sent = Job(server, RUNDECK, monkeypatch).send()
    assert sent.was_sent
    assert "cannot be used" in (sent.problem or "")


@pytest.mark.parametrize("kind", [AwxKind(), RundeckKind(), StackStormKind(), ArgoKind(), SsmKind()])
def test_no_job_counts_as_reversible(kind: JobKind[Any]) -> None:
    assert kind_named(kind.kind).form is kind.form
    effects = [kind.effect(msgspec.convert(dict(raw), kind.form)) for raw in kind.examples]
    assert all(not effect.reversible and not effect.idempotent and effect.blast != "none" for effect in effects)
