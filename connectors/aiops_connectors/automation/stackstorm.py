"""StackStorm: execute an action or a workflow (docs.stackstorm.com/actions.html, api.stackstorm.com)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from aiops.step_kinds.exchange import Prepared, Reply, Request, Source, Taken, at
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import fill, path
from aiops.step_kinds.systems import System
from aiops_connectors.automation.job import JobForm, JobKind, Parameters, of, polled, sent_to


class StackStormOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a StackStorm."""

    api: Annotated[
        str,
        Meta(pattern=r"^(/[a-z0-9]+){1,4}$(?!\n)", description="Path of the API; `/v1` without its web server."),
    ] = "/api/v1"


class StackStorm(JobForm, kw_only=True, tag="stackstorm"):
    """Execute an action of StackStorm."""

    action: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{1,100}\.[A-Za-z0-9_.-]{1,100}$(?!\n)",
            description="Reference of the action: `PACK.NAME`. It takes no placeholder.",
        ),
    ]
    parameters: Annotated[Parameters, Meta(description="Parameters of the action.")] = field(default_factory=dict)


class StackStormKind(JobKind[StackStorm]):
    """Execute an action of StackStorm."""

    kind = "stackstorm"
    form = StackStorm
    system = "stackstorm"
    Options: ClassVar[type[Struct]] = StackStormOptions
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {
            "kind": "stackstorm",
            "name": "rotate the logs",
            "action": "linux.rotate_logs",
            "parameters": {"host": "{{ host }}"},
        },
    )
    succeeded = frozenset({"succeeded"})
    # `paused` and `pending` wait for a person there; the limit of the step ends that.
    ended = frozenset({"failed", "timeout", "abandoned", "canceled", "canceling"})

    def prepare(self, step: StackStorm, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return the execution."""
        system = of(system, step)
        assert isinstance(system.options, StackStormOptions)
        url = path(system.url.rstrip("/") + system.options.api, "executions")
        return Prepared(
            "POST",
            url,
            body={"action": step.action, "parameters": fill(step.parameters, values)},
            **sent_to(system, [201]),
            poll=polled(Request("GET", url + "/{execution}", **sent_to(system, [200])), step),
            taken={"execution": Taken("change", "the id of the execution", "[0-9a-f]{24}")},
        )

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the id of the execution."""
        return {"execution": at(replies[0].json(), "id")} if source == "change" else {}
