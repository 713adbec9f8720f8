"""Rundeck: run a job by its UUID (docs.rundeck.com/docs/api, "Running a Job" and "Execution Info")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from aiops.step_kinds.exchange import Prepared, Reply, Request, Source, Taken, at
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import fill, path, plain
from aiops.step_kinds.systems import System
from aiops_connectors.automation.job import JobForm, JobKind, Parameters, of, polled, sent_to


class RundeckOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Rundeck."""

    # JSON answers to a run, and options in its body, since 18; the status of an execution as a word since 14.
    api_version: Annotated[int, Meta(ge=18, le=999, description="Version of the API.")] = 41


class Rundeck(JobForm, kw_only=True, tag="rundeck"):
    """Run a job of Rundeck."""

    job: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9-]{1,64}$(?!\n)", description="UUID of the job. It takes no placeholder."),
    ]
    options: Annotated[Parameters, Meta(description="Options of the job.")] = field(default_factory=dict)


class RundeckKind(JobKind[Rundeck]):
    """Run a job of Rundeck."""

    kind = "rundeck"
    form = Rundeck
    system = "rundeck"
    Options: ClassVar[type[Struct]] = RundeckOptions
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {
            "kind": "rundeck",
            "name": "rotate the logs",
            "job": "f4e0d6a2-7c57-4f0b-a0a1-0d2a7b1f5c11",
            "options": {"host": "{{ host }}"},
        },
    )
    succeeded = frozenset({"succeeded"})
    ended = frozenset({"failed", "aborted", "timedout", "failed-with-retry", "missed", "incomplete"})

    def prepare(self, step: Rundeck, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return the run; options are text in Rundeck."""
        system = of(system, step)
        assert isinstance(system.options, RundeckOptions)
        api = path(system.url, "api", system.options.api_version)
        poll = Request("GET", path(api, "execution") + "/{execution}", **sent_to(system, [200]))
        return Prepared(
            "POST",
            path(api, "job", step.job, "run"),
            body={"options": {name: plain(fill(value, values)) for name, value in step.options.items()}},
            **sent_to(system, [200]),
            poll=polled(poll, step),
            taken={"execution": Taken("change", "the id of the execution", "[0-9]{1,18}")},
        )

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the id of the execution."""
        return {"execution": at(replies[0].json(), "id")} if source == "change" else {}
