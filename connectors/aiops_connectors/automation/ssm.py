"""AWS Systems Manager Run Command: run a document on one managed node.

Sources: SendCommand and GetCommandInvocation of the AWS Systems Manager API Reference. The API has no GET: each request
is a POST whose header `X-Amz-Target` names the operation, and a poll is one, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.step_kinds.exchange import Effect, Prepared, Progress, Reply, Request, Source, Taken, at
from aiops.step_kinds.forms import Line, Scalar
from aiops.step_kinds.placeholders import fill, plain
from aiops.step_kinds.systems import NoSystemOptions, System
from aiops_connectors.automation.job import JobForm, JobKind, Parameters, of, polled, sent_to

# An EC2 instance, or a node registered by an activation.
_NODE = Expression(r"(i|mi)-[0-9a-f]{8,17}")


class Ssm(JobForm, kw_only=True, tag="ssm"):
    """Run a document of Systems Manager on one node."""

    document: Annotated[
        str,
        Meta(
            pattern=r"^[a-zA-Z0-9_.:/-]{3,128}$(?!\n)",
            description="Name of the document, with your own steps. It takes no placeholder.",
        ),
    ]
    node: Annotated[Line, Meta(description="Id of the managed node: `i-…` or `mi-…`; `{{ name }}` may be the whole.")]
    parameters: Annotated[Parameters, Meta(description="Parameters of the document.")] = field(default_factory=dict)


class SsmKind(JobKind[Ssm]):
    """Run a document of Systems Manager on one node."""

    kind = "ssm"
    form = Ssm
    system = "ssm"
    Options: ClassVar[type[Struct]] = NoSystemOptions
    poll_method = "POST"
    examples: ClassVar[Sequence[Mapping[str, Any]]] = (
        {
            "kind": "ssm",
            "name": "rotate the logs",
            "document": "Ops-RotateLogs",
            "node": "{{ instance }}",
            "parameters": {"path": "{{ path }}"},
        },
    )
    example_values: ClassVar[Mapping[str, Scalar]] = {"instance": "i-0123456789abcdef0"}
    status = ("Status",)
    succeeded = frozenset({"Success"})
    ended = frozenset({"Cancelled", "TimedOut", "Failed", "Cancelling"})

    def effect(self, step: Ssm) -> Effect:
        """Return the effect: anything, on one node."""
        return Effect(reversible=False, blast="one", idempotent=False)

    def prepare(self, step: Ssm, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return the command for exactly one node."""
        system = of(system, step)
        node = fill(step.node, values)
        if not isinstance(node, str) or not _NODE.matches(node):
            raise UsageError(f"node: expected the id of a managed node (i-…, mi-…); got {str(node)[:80]!r}")
        body: dict[str, Any] = {
            "DocumentName": step.document,
            "InstanceIds": [node],
            "Parameters": {name: [plain(fill(value, values))] for name, value in step.parameters.items()},
            "MaxConcurrency": "1",
            "MaxErrors": "0",
        }
        query = {"CommandId": {"$taken": "command"}, "InstanceId": node}
        poll = Request("POST", system.url.rstrip("/") + "/", body=query, **_target(system, "GetCommandInvocation"))
        return Prepared(
            "POST",
            system.url.rstrip("/") + "/",
            body=body,
            **_target(system, "SendCommand"),
            poll=polled(poll, step),
            taken={"command": Taken("change", "the id of the command", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")},
        )

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the id of the command."""
        return {"command": at(replies[0].json(), "Command", "CommandId")} if source == "change" else {}

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """Judge the status of the invocation, which this eventually consistent API knows a little later."""
        kind = at(reply.json(), "__type")
        if reply.status == 400 and isinstance(kind, str) and kind.rpartition("#")[2] == "InvocationDoesNotExist":
            return Progress("working", "the invocation is not known yet")
        return super().progress(prepared, reply)


def _target(system: System, operation: str) -> dict[str, Any]:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"AmazonSSM.{operation}"}
    return sent_to(system, [200], headers)
