"""A kind of step with everything that one can have: reads, a dry run, values from answers, progress, and an undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from aiops.respond.step_registry import installed
from aiops.step_kinds.exchange import Effect, Poll, Prepared, Progress, Reply, Request, Source, StepRefused, Taken, at
from aiops.step_kinds.forms import Line, Scalar, SystemForm
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.placeholders import fill, path
from aiops.step_kinds.systems import System


class Recycle(SystemForm, kw_only=True, tag="recycle"):
    """Recycle a worker of the pool."""

    worker: Annotated[Line, Meta(description="The worker; `{{ name }}` may be the whole.")]


class PoolOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a pool."""

    pool: Annotated[str, Meta(description="The pool of the workers.")] = "main"


class RecycleKind(StepKind[Recycle]):
    """Recycle a worker."""

    kind = "recycle"
    form = Recycle
    system = "pool"
    Options: ClassVar[type[Struct]] = PoolOptions
    places = frozenset({"step"})
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"kind": "recycle", "name": "recycle it", "worker": "{{ worker }}"},
    )

    def prepare(self, step: Recycle, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        assert system is not None
        url = path(system.url, "workers", fill(step.worker, values))

        def request(method: str, url: str, body: Any = None) -> Request:
            return Request(method, url, {}, body, system.secret, statuses=[200], system=system.name)

        body = {"version": {"$taken": "version"}, "spec": {"$taken": "spec"}}
        return Prepared(
            "POST",
            url,
            body=body,
            secret=system.secret,
            statuses=[200],
            system=system.name,
            reads=[request("GET", url)],
            dry_run=request("POST", url + "?dry=1", body),
            poll=Poll(request("GET", path(system.url, "jobs") + "/{job}"), every_s=5.0, limit_s=20.0),
            undo=request("DELETE", path(system.url, "jobs") + "/{job}"),
            taken={
                "version": Taken("read", "the version of the worker", "[0-9]{1,9}"),
                "spec": Taken("read", "the settings of the worker"),
                "job": Taken("change", "the id of the job", "[a-z0-9-]{1,20}"),
            },
        )

    def effect(self, step: Recycle) -> Effect:
        return Effect(reversible=True, blast="one", idempotent=False)

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        answer = replies[0].json()
        if source == "change":
            return {"job": at(answer, "job")}
        if at(answer, "owner") == "gitops":
            raise StepRefused("the worker is managed by GitOps")
        return {"version": at(answer, "version"), "spec": at(answer, "spec")}

    def rehearsed(self, prepared: Prepared, values: Mapping[str, Any], reply: Reply) -> None:
        if at(reply.json(), "would") == "recycle all":
            raise StepRefused(f"it would recycle more than version {values['version']}")

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        state = at(reply.json(), "state")
        if reply.status != 200 or state == "broken":
            return Progress("failed", f"the job is {state or reply.status}")
        return Progress("done" if state == "ready" else "working", f"the job is {state}")


def system(name: str = "pool") -> System:
    """A pool of the configuration."""
    return System(name, "pool", "https://pool.example", "its-token", None, PoolOptions())


@contextmanager
def recycling() -> Iterator[None]:
    """Install the kind for a test."""
    installed().kinds["recycle"] = RecycleKind()
    try:
        yield
    finally:
        del installed().kinds["recycle"]
