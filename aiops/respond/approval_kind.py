"""The step kind `approval`: a run waits in the middle until people approve its remaining steps."""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Prepared
from aiops.step_kinds.forms import Form, Line, Scalar
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.systems import System

APPROVAL = "aiops:approval"
# Whatever was read for a run is of another day by then, and its targets were held all the time.
MAX_WAIT_S = 86_400.0


class ApprovalStep(Form, kw_only=True, tag="approval"):
    """Wait for people before the next step; silence is never an approval."""

    text: Annotated[str, Meta(max_length=500, description="What the approvers should check, without placeholders.")] = (
        ""
    )
    approvers: Annotated[
        list[Line], Meta(max_length=20, description="Who may approve; by default those of the playbook.")
    ] = []
    quorum: Annotated[int, Meta(ge=1, le=10, description="The number of people who must approve.")] = 1
    timeout: Annotated[
        Duration,
        Meta(description="The time to wait, at most `24h`; then the run ends and is rolled back."),
    ] = "15m"
    on_timeout: Annotated[
        Literal["escalate", "drop"],
        Meta(description="What happens then: `escalate` calls people, `drop` notifies them."),
    ] = "escalate"


class ApprovalKind(StepKind[ApprovalStep]):
    """Wait for people before the next step."""

    kind = "approval"
    form = ApprovalStep
    # A rollback that waits for a person does so anyway; what only reads needs nobody.
    places = frozenset({"step"})
    examples: ClassVar = (
        {"kind": "approval", "name": "capacity is enough", "text": "Read what the check reported.", "timeout": "30m"},
    )

    def prepare(self, step: ApprovalStep, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        if "{{" in step.text:
            raise UsageError(f"text: expected no placeholder (got {step.text!r})")
        wait_s = seconds(step.timeout)
        if not 0 < wait_s <= MAX_WAIT_S:
            raise UsageError(f"timeout: expected up to {MAX_WAIT_S:g} s (got {step.timeout})")
        body = {
            "text": step.text,
            "approvers": list(step.approvers),
            "quorum": step.quorum,
            "timeout": step.timeout,
            "seconds": wait_s,
            "onTimeout": step.on_timeout,
        }
        return Prepared("APPROVE", APPROVAL, body=body, statuses=[200])

    def effect(self, step: ApprovalStep) -> Effect:
        """See `StepKind.effect`."""
        return Effect(reversible=True, blast="none", idempotent=True)
