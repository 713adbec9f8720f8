"""The kind of a step: a plugin that prepares what a step sends, and reads what the system answers.

A kind is pure: it holds no state, sends nothing, and reads no clock and no file. It is registered by its name in the
entry point group `aiops.steps`, and passes `aiops.testing.steps.check_step_kind`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

from msgspec import Struct

from aiops.step_kinds.exchange import Effect, Observed, Prepared, Progress, Reply, Source
from aiops.step_kinds.forms import Form, Scalar
from aiops.step_kinds.systems import NoSystemOptions, System

GROUP = "aiops.steps"
# Where a step can stand in a playbook. All but `step` and `rollback` only take steps that change nothing.
Place = Literal["diagnosis", "precondition", "step", "verify", "rollback"]
PLACES: tuple[Place, ...] = ("diagnosis", "precondition", "step", "verify", "rollback")

FormT = TypeVar("FormT", bound=Form)


class StepKind(ABC, Generic[FormT]):
    """A kind of step.

    `kind` is its name and the tag of `form`, its strict form. `system` is the kind of system that it needs, None for
    none; `Options` are those of that system, the same class for all kinds of steps that use it. `places` are where it
    can stand. `examples` are steps as they are written, for the kit and the docs, with `example_options` of the system,
    and `example_values` of parameters for which a plain name will not do.
    """

    kind: ClassVar[str]
    form: ClassVar[type[Form]]
    system: ClassVar[str | None] = None
    Options: ClassVar[type[Struct]] = NoSystemOptions
    places: ClassVar[frozenset[Place]] = frozenset({"step", "rollback"})
    examples: ClassVar[Sequence[Mapping[str, Any]]] = ()
    example_options: ClassVar[Mapping[str, Any]] = {}
    example_values: ClassVar[Mapping[str, Scalar]] = {}
    # The method of `Prepared.poll`: another one than GET only where the system's documentation has none that is GET.
    poll_method: ClassVar[str] = "GET"
    # True: `observed` shows something, and the reads before a change are sent for its plan as well.
    observes: ClassVar[bool] = False

    @abstractmethod
    def prepare(self, step: FormT, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """Return all that the step may send, a pure function of the three.

        `system` is None only for a kind that needs none. Raise `UsageError` for a value that does not fit its place.
        """

    @abstractmethod
    def effect(self, step: FormT) -> Effect:
        """Return the effect of a step from the kind's own table; it depends on the typed operation alone."""

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the values of `prepared.taken` with that source.

        `replies` are those to all reads, or the one to the change; before a read with holes, those to the reads before
        it. A value that is not there is left out; the step then fails. Raise `StepRefused` before a change that must
        not be made, with the reason.
        """
        return {}

    def observed(self, prepared: Prepared, replies: Sequence[Reply]) -> Observed:
        """Return what the reads show of the object that is changed; `replies` are those to all of them.

        It is called after `found` has taken its values from the same replies, and must show the same of the same
        object: what moves on its own, such as a status, is no pin.
        """
        return Observed()

    def rehearsed(self, prepared: Prepared, values: Mapping[str, Any], reply: Reply) -> None:
        """Judge the answer to `prepared.dry_run`, which had an expected status.

        `values` are those taken so far. Raise `StepRefused` if the change would do something else.
        """

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """Judge an answer; total over any reply.

        It is one to `prepared.poll`, or, without one, to the change itself.
        """
        wanted = prepared.poll.request.statuses if prepared.poll is not None else prepared.statuses
        if reply.error is not None:
            return Progress("failed", reply.error)
        return Progress("done") if reply.status in wanted else Progress("failed", f"status {reply.status}")
