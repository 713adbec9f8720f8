"""The kit of step kinds passes the sample kind, and refuses each broken promise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from aiops.respond.step_registry import BUILT_IN
from aiops.step_kinds.exchange import Effect, Observed, Prepared, Progress, Reply
from aiops.step_kinds.kind import StepKind
from aiops.testing.steps import check_step_kind
from tests.respond.sample_kind import RecycleKind


@pytest.mark.parametrize("kind", [*BUILT_IN, RecycleKind], ids=lambda kind: kind.kind)
def test_a_kind_passes_its_kit(kind: type[StepKind[Any]]) -> None:
    check_step_kind(kind())


COUNT = itertools.count()


def altered(change: Callable[[Prepared, Mapping[str, Any]], Prepared]) -> StepKind[Any]:
    """The sample kind with something else prepared."""

    class Altered(RecycleKind):
        def prepare(self, step: Any, values: Any, system: Any) -> Prepared:
            return change(super().prepare(step, values, system), values)

    return Altered()


def with_fields(**fields: Any) -> StepKind[Any]:
    return altered(lambda made, values: msgspec.structs.replace(made, **fields))


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        (altered(lambda made, v: msgspec.structs.replace(made, url=f"{made.url}-{v['worker']}")), "segment"),
        (altered(lambda made, v: msgspec.structs.replace(made, url=f"{made.url}?q={v['worker']}")), "query"),
        (altered(lambda made, v: msgspec.structs.replace(made, body=f"x {v['worker']}")), "no whole scalar"),
        (altered(lambda made, v: msgspec.structs.replace(made, headers={"x": str(v["worker"])})), "worker = "),
        (with_fields(url="https://evil.example/x"), "below the system's"),
        (with_fields(system=None), "for its certificates"),
        (with_fields(secret="other"), "expected the system's secret"),
        (with_fields(statuses=[]), "expected the status codes"),
        (with_fields(attempts=3), "it is not idempotent"),
        (with_fields(taken={}), "nothing is known as"),
        (
            altered(lambda made, v: msgspec.structs.replace(made, facts={"now": id(object())})),
            "no function|its kit|pass",
        ),
    ],
)
def test_a_broken_promise_is_noticed(kind: StepKind[Any], broken: str) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_step_kind(kind)


class Watching(RecycleKind):
    """A kind that says what it sees; `says` may be wrong."""

    def __init__(self, says: Callable[[Any], Observed], observes: bool = True) -> None:
        self.says, self.observes = says, observes  # type: ignore[misc]

    def observed(self, prepared: Prepared, replies: Any) -> Observed:
        return self.says(replies[0])


@pytest.mark.parametrize(
    ("says", "broken"),
    [
        (lambda reply: Observed("x" * 2_000), "expected one line"),
        (lambda reply: Observed(str(next(COUNT))), "no function of the answers"),
        (lambda reply: Observed("", "it", {"error": str(reply.error)}), "where there was no answer"),
    ],
)
def test_what_a_kind_sees_is_bounded_and_true(says: Callable[[Any], Observed], broken: str) -> None:
    check_step_kind(Watching(lambda reply: Observed("recycles it", "it")))
    if broken == "expected one line":
        # It is refused as a plan refuses it, and is no fault of the kit's.
        check_step_kind(Watching(says))
        return
    with pytest.raises(AssertionError, match=broken):
        check_step_kind(Watching(says))


def test_a_kind_that_sees_says_so() -> None:
    with pytest.raises(AssertionError, match="expected `observes`"):
        check_step_kind(Watching(lambda reply: Observed("recycles it", "it"), observes=False))


class Boastful(RecycleKind):
    """A kind whose effect follows the words of the playbook."""

    def effect(self, step: Any) -> Effect:
        return Effect(True, "none" if "nothing" in step.name else "one", False)


class Modest(RecycleKind):
    """A kind that changes something, and claims the contrary."""

    def effect(self, step: Any) -> Effect:
        return Effect(True, "none", False)


class Fragile(RecycleKind):
    """A kind that expects every answer to be a mapping."""

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        return Progress(reply.json()["state"])


class Trusting(RecycleKind):
    """A kind that takes every answer for success."""

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        return Progress("done")


class Grasping(RecycleKind):
    """A kind that takes more than it declares."""

    def found(self, prepared: Any, source: Any, replies: Any) -> dict[str, Any]:
        return {"password": "x"}


class Shy(RecycleKind):
    """A kind without an example."""

    examples: ClassVar = ()


@pytest.mark.parametrize(
    ("kind", "error", "broken"),
    [
        (Boastful, AssertionError, "depends on the words"),
        (Modest, AssertionError, "may change something"),
        (Fragile, TypeError, "subscriptable"),
        (Trusting, AssertionError, "as done"),
        (Grasping, AssertionError, "never declared"),
        (Shy, AssertionError, "expected `examples`"),
    ],
)
def test_a_kind_that_misleads_is_noticed(kind: type[StepKind[Any]], error: type[Exception], broken: str) -> None:
    with pytest.raises(error, match=broken):
        check_step_kind(kind())
