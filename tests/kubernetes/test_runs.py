"""Runs of playbooks with Kubernetes steps: from the plan through the gate and the daemon's client to an API server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from aiops_connectors.kubernetes.form import KubernetesOptions

from aiops.respond.audit import Entry
from aiops.respond.calls import calls_of
from aiops.respond.config import RunSecret
from aiops.respond.execution import Execution, Keyed, Outcome
from aiops.respond.format import Playbook
from aiops.respond.gate import PlanGate
from aiops.respond.history import History, Run
from aiops.respond.parameters import Values
from aiops.respond.rollback import Rollback
from aiops.respond.states import read_states
from aiops.respond.transport import RunTransport
from aiops.step_kinds.systems import System
from tests.kubernetes.objects import workload
from tests.kubernetes.site import Json, Site
from tests.respond.conftest import playbook

AT = 1_700_000_000.0


class Running:
    """One run of a playbook on one workload; controllers work whenever the run waits."""

    def __init__(
        self, site: Site, namespace: str, directory: Path, *steps: Json, rollback: list[Json] | None = None
    ) -> None:
        token = directory / "token"
        token.write_text(site.token(), encoding="utf-8")
        secret = RunSecret(use="bearer", hosts=["127.0.0.1"], file=str(token))
        system = System("kubernetes", "kubernetes", site.url, "cluster", site.ca_file, KubernetesOptions())
        self.transport = RunTransport({"cluster": secret}, systems={"kubernetes": system}, allow_private=True)
        given = {"namespace": "{{ namespace }}", "object": "{{ workload }}"}
        made = [{"kind": "kubernetes", "name": step["operation"], **given, **step} for step in steps]
        undo = [{"kind": "kubernetes", "name": "undo", **given, **step} for step in rollback or []]
        book: Playbook = playbook(steps=made, rollback=undo, parameters={"namespace": {}, "workload": {}})
        values = Values({"namespace": namespace, "workload": "cart"}, {})
        self.calls: list[Keyed] = [
            (call, f"key of {call}") for call in calls_of(book, ["cart"], [values], {"kubernetes": system})
        ]
        self.run = Run("r1", "restart-worker", "1.0.0", "i1", ["cart"], AT)
        self.history, self.lines = History(), list[tuple[str, dict[str, Any]]]()
        self.history.runs["r1"] = self.run
        self.wait: Callable[[], None] = lambda: site.settle(namespace)
        gate = PlanGate([call for call, _ in self.calls], self.transport, lambda: None, lambda seconds: self.wait())
        self.run.states = read_states([call for call, _ in self.calls], gate)
        self.execution = Execution(self.run, gate, self._write, states=self.run.states)

    def made(self) -> Outcome[Any]:
        """Carry out the steps; roll back where they fail."""
        outcome = self.execution.run(self.calls)
        undoing = [one for one in self.calls if one[0].phase == "rollback"]
        Rollback(self.run, self.execution, undoing, [], self.history).after(outcome)
        self.transport.close()
        return outcome

    def _write(self, kind: str, data: dict[str, Any]) -> None:
        self.lines.append((kind, data))
        self.history.apply(Entry(0, AT, kind, data, ""))


def image_of(site: Site, namespace: str) -> str:
    return str(site.get("deployments", namespace, "cart")["spec"]["template"]["spec"]["containers"][0]["image"])


def deployed(site: Site, *images: str) -> str:
    """A namespace with a Deployment that had these images, one rollout after the other."""
    namespace = site.namespace()
    site.create("deployments", workload("Deployment", namespace, "cart", images[0]))
    site.settle(namespace)
    for image in images[1:]:
        site.change("deployments", namespace, "cart", partial(rolled, image))
        site.settle(namespace)
    return namespace


def rolled(image: str, one: Json) -> None:
    one["spec"]["template"]["spec"]["containers"][0] |= {"image": image, "env": [{"name": "KEY", "value": "hunter22"}]}


def test_run_restarts_and_scales_and_knows_that_it_worked(site: Site, tmp_path: Path) -> None:
    namespace = deployed(site, "shop/app:1")
    run = Running(
        site, namespace, tmp_path, {"operation": "rollout-restart"}, {"operation": "scale", "by": 1, "min": 1, "max": 5}
    )
    outcome = run.made()
    assert (outcome.state, outcome.done) == ("executed", ["rollout-restart on cart: done", "scale on cart: done"])
    assert site.get("deployments", namespace, "cart")["spec"]["replicas"] == 3
    taken = [data["taken"] for kind, data in run.lines if kind == "intent"]
    assert taken[1] | {"uid": ""} == {"uid": "", "before": 2, "after": 3}


def test_run_rolls_back_without_writing_the_template_to_the_trail(site: Site, tmp_path: Path) -> None:
    namespace = deployed(site, "shop/app:1", "shop/app:2", "shop/app:broken")
    run = Running(site, namespace, tmp_path, {"operation": "rollback"})
    assert run.made().state == "executed"
    assert image_of(site, namespace) == "shop/app:2"
    assert "hunter22" not in msgspec.json.encode(run.lines).decode()
    assert site.token() not in msgspec.json.encode(run.lines).decode()


def test_failed_run_restores_the_replicas(site: Site, tmp_path: Path) -> None:
    """The second step is refused: the first one is undone by what the plan has for it."""
    namespace = deployed(site, "shop/app:1")
    run = Running(
        site, namespace, tmp_path, {"operation": "scale", "to": 4, "min": 1, "max": 5}, {"operation": "rollback"}
    )
    outcome = run.made()
    assert outcome.state == "failed"
    assert "no-earlier-revision" in outcome.why
    assert site.get("deployments", namespace, "cart")["spec"]["replicas"] == 2


def test_failed_rollout_is_rolled_back_by_the_playbook(site: Site, tmp_path: Path) -> None:
    namespace = deployed(site, "shop/app:1", "shop/app:2")
    site.change("deployments", namespace, "cart", lambda one: one["spec"].update(progressDeadlineSeconds=1))
    site.settle(namespace)
    back = [{"operation": "rollback"}]
    run = Running(site, namespace, tmp_path, {"operation": "rollback"}, rollback=back)

    def stall_once() -> None:
        run.wait = lambda: site.settle(namespace)
        site.stall(namespace, "cart")

    run.wait = stall_once
    outcome = run.made()
    assert "exceeded its progress deadline" in outcome.why
    assert run.run.rollback == "done"
    assert image_of(site, namespace) == "shop/app:2"
