"""A runner whose playbook changes a Deployment of a cluster, with the moves of people beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiops_connectors.kubernetes.form import KubernetesOptions
from msgspec import structs

from aiops.respond.audit import Trail
from aiops.respond.config import RunSecret
from aiops.respond.guard_case import Policy, World
from aiops.respond.history import By
from aiops.respond.runs import Finished, Plan, Runner
from aiops.respond.sending import Gate
from aiops.respond.transport import RunTransport
from aiops.step_kinds.exchange import Reply, Request
from aiops.step_kinds.systems import System
from tests.kubernetes.objects import workload
from tests.kubernetes.site import Json, Site
from tests.respond.conftest import AT, playbook, topology, view

NAME, OBJECT, TEAM = "restart-worker", "worker-1", ["team:platform"]


def step(operation: str, **more: Any) -> Json:
    """A step on the Deployment that the incident is about."""
    given = {"kind": "kubernetes", "name": f"do the {operation}", "operation": operation, "object": "{{ host }}"}
    return given | {"namespace": "{{ namespace }}"} | more


class Bench:
    """One playbook, one incident and one cluster; controllers work whenever a run waits."""

    def __init__(self, site: Site, directory: Path, *steps: Json, **changes: Any) -> None:
        self.site, self.namespace, self.directory = site, site.namespace(), directory
        site.bind("aiops-respond", self.namespace)
        (directory / "token").write_text(site.token(), encoding="utf-8")
        parameters = {
            "host": {"from": ["cause.entity"], "pattern": "[a-z0-9-]{1,60}"},
            "namespace": {"default": self.namespace},
        }
        given = {"steps": list(steps or [step("rollback")]), "parameters": parameters, **changes}
        self.book = playbook(**given)
        self.policy, self.now = Policy(ceiling="approve"), AT + 120.0
        self.view = view("WorkerHangs")
        # Called before each request with its number, when another person may act.
        self.before: Callable[[int, Request], None] = lambda number, request: None
        self.sent = list[str]()
        self.trail: Trail | None = None

    def roll_out(self, *images: str) -> None:
        """Roll these images out, one after the other."""
        self.site.create("deployments", workload("Deployment", self.namespace, OBJECT, images[0]))
        self.site.settle(self.namespace)
        for image in images[1:]:
            self.fix(image)

    def fix(self, image: str) -> None:
        """Roll one more image out, as a person does by hand."""

        def edit(one: Json) -> None:
            one["spec"]["template"]["spec"]["containers"][0]["image"] = image

        self.site.change("deployments", self.namespace, OBJECT, edit)
        self.site.settle(self.namespace)

    def mark(self, **annotations: str) -> None:
        """Annotate the Deployment."""

        def edit(one: Json) -> None:
            one["metadata"].setdefault("annotations", {}).update(annotations)

        # Annotations of a Deployment are part of its generation.
        self.site.change("deployments", self.namespace, OBJECT, edit)
        self.site.settle(self.namespace)

    def image(self) -> str:
        """The image that the Deployment should run."""
        spec = self.site.get("deployments", self.namespace, OBJECT)["spec"]["template"]["spec"]
        return str(spec["containers"][0]["image"])

    def changes(self) -> list[str]:
        """The requests that changed something."""
        return [one for one in self.sent if not one.startswith("GET") and "dryRun" not in one]

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """See `Transport.send`."""
        self.before(len(self.sent), request)
        self.sent.append(f"{request.method} {request.url}")
        return self._client.send(request, idempotency_key, gate)

    @contextmanager
    def runner(self) -> Iterator[Runner]:
        """A runner over the trail of this bench, with the kill switch released."""
        secret = RunSecret(use="bearer", hosts=["127.0.0.1"], file=str(self.directory / "token"))
        options = KubernetesOptions()
        system = System("kubernetes", "kubernetes", self.site.url, "cluster", self.site.ca_file, options)
        self._client = RunTransport({"cluster": secret}, systems={"kubernetes": system}, allow_private=True)
        trail = Trail(self.directory / "audit.jsonl")
        settle = lambda pause_s: self.site.settle(self.namespace)  # noqa: E731
        books, systems = {NAME: self.book}, {"kubernetes": system}
        made = Runner(books, topology(), trail, self, self.policy, now=self.now, systems=systems, sleep=settle)
        made.switch("global", False, "ann", self.now)
        try:
            yield made
        finally:
            trail.close()
            self._client.close()

    def world(self, **more: Any) -> World:
        """What the host knows."""
        return structs.replace(World(self.now), **more)

    def looked_at(self, runner: Runner, **world: Any) -> Plan:
        """The plan that a person looks at."""
        plan = runner.plan(self.view, NAME, self.world(**world))
        return runner.plan(self.view, NAME, self.world(**world), states=runner.read_states(plan))

    def approve(self, runner: Runner, plan: Plan, actor: str = "ann") -> Plan:
        """Approve the plan that was looked at."""
        return runner.approve(self.view, NAME, self.world(), actor, TEAM, expected=plan.id)

    def run(self, runner: Runner, plan: Plan, by: By = "person", **world: Any) -> Finished:
        """Run what was approved, or decided."""
        return runner.run(self.view, NAME, self.world(**world), "ann", approved=plan.id, by=by)
