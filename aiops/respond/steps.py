"""The steps that a playbook may have, by their place in it, as strict Structs.

A `manual` step is shown to a person and never executed. The other kinds are those of this installation, see
`aiops.respond.step_registry`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias, Union

from msgspec import Meta

from aiops.durations import Duration, seconds
from aiops.respond.collectors import Collect
from aiops.respond.step_registry import forms
from aiops.step_kinds.forms import Form, Line, Part
from aiops.step_kinds.kind import Place

# A command block of more than 2,000 characters is a script, and belongs in version control rather than in a playbook.
Command = Annotated[str, Meta(min_length=1, max_length=2000)]


class Manual(Part, kw_only=True, tag="manual", tag_field="kind"):
    """A step for a person. `run` is a command to copy, `expect` explains the answer, `note` warns."""

    name: Line
    run: Command | None = None
    expect: Annotated[str, Meta(max_length=600)] | None = None
    note: Annotated[str, Meta(max_length=600)] | None = None


class AlertResolved(Part, kw_only=True, tag="alert-resolved", tag_field="kind"):
    """A check that the condition cleared within a time and stayed clear.

    A command that ended well is no success.
    """

    within: Duration = "10m"
    stable_for: Duration = "5m"


class VerifyWindow(NamedTuple):
    """Seconds until a run is judged, and seconds before that in which its alerts must be clear."""

    length_s: float
    calm_s: float


def verify_window(checks: Sequence[Any]) -> VerifyWindow | None:
    """Return the window of the checks of alerts; None if there are none."""
    alerts = [check for check in checks if isinstance(check, AlertResolved)]
    if not alerts:
        return None
    stable = [seconds(check.stable_for) for check in alerts]
    return VerifyWindow(max(seconds(one.within) + calm for one, calm in zip(alerts, stable, strict=True)), max(stable))


if TYPE_CHECKING:
    Step: TypeAlias = Manual | Form
    Check: TypeAlias = Manual | AlertResolved | Form
    Precondition: TypeAlias = Form
    Diagnosis: TypeAlias = Manual | Collect | Form
    RollbackStep: TypeAlias = Manual | Form
else:

    def _union(place: Place, *others: type) -> Any:
        return Union[(*others, *forms(place))]

    Step = _union("step", Manual)
    Check = _union("verify", Manual, AlertResolved)
    Precondition = _union("precondition")
    Diagnosis = _union("diagnosis", Manual, Collect)
    RollbackStep = _union("rollback", Manual)


def is_executable(step: Step | Check) -> bool:
    """Return True for a step that a run can execute, False for one that is a person's or the engine's."""
    return isinstance(step, Form)


def can_run(steps: Sequence[Step | Check]) -> bool:
    """Return True if a run could execute any of these steps."""
    return any(is_executable(step) for step in steps)
