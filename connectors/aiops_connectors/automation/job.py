"""A step that starts a job elsewhere: what all automation systems have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import Meta

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Poll, Prepared, Progress, Reply, Request, at
from aiops.step_kinds.forms import Form, Scalar, SystemForm
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.systems import System

Parameters = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$(?!\n)")], Scalar], Meta(max_length=50)
]
_EVERY_S = 5.0
_MAX_WORD = 60


class JobForm(SystemForm, kw_only=True):
    """A step that starts a job."""

    within: Annotated[Duration, Meta(description="How long the job may take; after that the step failed.")] = "10m"


JobT = TypeVar("JobT", bound=JobForm)


class JobKind(StepKind[JobT]):
    """A kind that starts a job, takes its id from the answer, and reads its status until it ends.

    `status` is the place of the status in the answer to the poll, and `succeeded` and `ended` are the words for the end
    of a job, as the system documents them. Any other word means that it continues.
    """

    status: ClassVar[tuple[str | int, ...]] = ("status",)
    succeeded: ClassVar[frozenset[str]]
    ended: ClassVar[frozenset[str]]

    def effect(self, step: JobT) -> Effect:
        """Return the effect: a job may do anything, twice if it is started twice."""
        return Effect(reversible=False, blast="site", idempotent=False)

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """Judge the status of the job."""
        wanted = prepared.poll.request.statuses if prepared.poll is not None else prepared.statuses
        if reply.error is not None or reply.status not in wanted:
            return Progress("failed", reply.error or f"status {reply.status}")
        word = at(reply.json(), *self.status)
        if not isinstance(word, str):
            return Progress("failed", "the answer has no status of the job")
        if word in self.succeeded:
            return Progress("done", word)
        return Progress("failed" if word in self.ended else "working", f"the job is {word[:_MAX_WORD]!r}")


def polled(request: Request, step: JobForm) -> Poll:
    """Return the poll of a job."""
    return Poll(request, _EVERY_S, seconds(step.within))


def sent_to(system: System, statuses: Iterable[int], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the fields that all requests to a system share."""
    accepted = {"accept": "application/json", **(headers or {})}
    return {"headers": accepted, "secret": system.secret, "statuses": list(statuses), "system": system.name}


def of(system: System | None, form: Form) -> System:
    """Return the system; raise `UsageError` where there is none."""
    if system is None:
        raise UsageError(f"{form.name}: expected a system of the configuration; got none")
    return system
