"""Argo Workflows: create a workflow from a template.

Source: "REST API" and "API Examples" (argo-workflows.readthedocs.io).

The server tries the creation first (`serverDryRun`), which finds a template or a parameter that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from aiops.step_kinds.exchange import Prepared, Progress, Reply, Request, Source, Taken, at
from aiops.step_kinds.forms import Line, Scalar
from aiops.step_kinds.placeholders import fill, path
from aiops.step_kinds.systems import System
from aiops_connectors.automation.job import JobForm, JobKind, Parameters, of, polled, sent_to

_NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


class ArgoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of an Argo server."""

    namespace: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)",
            description="Namespace of the workflows and of their templates.",
        ),
    ] = "argo"


class Argo(JobForm, kw_only=True, tag="argo"):
    """Create a workflow of Argo Workflows from a template."""

    template: Annotated[
        Line,
        Meta(
            pattern=rf"^{_NAME}$(?!\n)",
            description="Name of the WorkflowTemplate in the namespace of the system. It takes no placeholder.",
        ),
    ]
    parameters: Annotated[Parameters, Meta(description="Parameters of the workflow.")] = field(default_factory=dict)


class ArgoKind(JobKind[Argo]):
    """Create a workflow of Argo Workflows."""

    kind = "argo"
    form = Argo
    system = "argo"
    Options: ClassVar[type[Struct]] = ArgoOptions
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"kind": "argo", "name": "fail over", "template": "fail-over", "parameters": {"cluster": "{{ cluster }}"}},
    )
    status = ("status", "phase")
    succeeded = frozenset({"Succeeded"})
    ended = frozenset({"Failed", "Error"})

    def prepare(self, step: Argo, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return the creation, and the same as a dry run of the server."""
        system = of(system, step)
        assert isinstance(system.options, ArgoOptions)
        namespace = system.options.namespace
        url = path(system.url, "api", "v1", "workflows", namespace)
        given = [{"name": name, "value": fill(value, values)} for name, value in step.parameters.items()]
        workflow = {
            "metadata": {"generateName": f"{step.template[:200]}-", "namespace": namespace},
            "spec": {"workflowTemplateRef": {"name": step.template}, "arguments": {"parameters": given}},
        }
        shared = sent_to(system, [200])
        return Prepared(
            "POST",
            url,
            body={"namespace": namespace, "serverDryRun": False, "workflow": workflow},
            **shared,
            dry_run=Request(
                "POST", url, body={"namespace": namespace, "serverDryRun": True, "workflow": workflow}, **shared
            ),
            poll=polled(Request("GET", url + "/{workflow}", **shared), step),
            taken={"workflow": Taken("change", "the name of the workflow", _NAME)},
        )

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the name of the workflow."""
        return {"workflow": at(replies[0].json(), "metadata", "name")} if source == "change" else {}

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """Judge the phase of the workflow; a new one has none yet."""
        phase = at(reply.json(), "status", "phase")
        if reply.error is None and reply.status == 200 and phase in (None, "") and at(reply.json(), "metadata", "name"):
            return Progress("working", "the workflow has not begun")
        return super().progress(prepared, reply)
