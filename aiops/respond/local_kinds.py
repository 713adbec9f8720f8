"""The step kinds that the daemon carries out itself: `wait`, `notify` and `exec`.

Their requests have the URL `aiops:KIND`, which `aiops.respond.local_transport` answers.
"""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Poll, Prepared, Request
from aiops.step_kinds.forms import Form, Scalar
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.placeholders import fill, plain
from aiops.step_kinds.systems import System

WAIT, NOTIFY, EXEC = "aiops:wait", "aiops:notify", "aiops:exec"
# A run holds one of a few threads while it waits. Longer pauses are two playbooks.
MAX_WAIT_S = 3_600.0
# A program that takes longer is a job, which its system should run.
MAX_EXEC_S = 300.0
_NO_CHANGE = Effect(reversible=True, blast="none", idempotent=True)


class Wait(Form, kw_only=True, tag="wait"):
    """Wait before the next step; a stop ends the wait and the run."""

    duration: Annotated[Duration, Meta(description="The time to wait, at most `1h`.")] = "1m"


class Notify(Form, kw_only=True, tag="notify"):
    """Notify the endpoints that know the incident; the text becomes a note of the incident."""

    text: Annotated[str, Meta(min_length=1, max_length=500, description="The text, without placeholders.")]
    values: Annotated[
        dict[str, Scalar], Meta(max_length=10, description="Values after the text; `{{ name }}` may be a whole value.")
    ] = {}


class Exec(Form, kw_only=True, tag="exec"):
    """Run a program of this host, which `respond.exec` allows, without a shell or an environment."""

    argv: Annotated[
        list[Scalar],
        Meta(
            min_length=1,
            max_length=50,
            description="The program's absolute path, then its arguments; `{{ name }}` may be a whole argument.",
        ),
    ]
    timeout: Annotated[Duration, Meta(description="The time after which it is killed, at most `5m`.")] = "30s"


class ExecOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The programs that the operator allows."""

    programs: Annotated[list[str], Meta(description="Absolute paths of the programs that may be run.")] = []


class WaitKind(StepKind[Wait]):
    """Wait before the next step."""

    kind = "wait"
    form = Wait
    examples: ClassVar = ({"kind": "wait", "name": "let it settle", "duration": "2m"},)

    def prepare(self, step: Wait, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        pause_s = _bounded("duration", step.duration, MAX_WAIT_S)
        poll = Poll(Request("GET", WAIT, statuses=[200]), pause_s, pause_s)
        return Prepared("WAIT", WAIT, body={"seconds": pause_s}, statuses=[200], poll=poll)

    def effect(self, step: Wait) -> Effect:
        """See `StepKind.effect`."""
        return _NO_CHANGE


class NotifyKind(StepKind[Notify]):
    """Notify the endpoints that know the incident."""

    kind = "notify"
    form = Notify
    examples: ClassVar = (
        {
            "kind": "notify",
            "name": "team",
            "text": "The worker is replaced.",
            "values": {"host": "{{ host }}"},
        },
    )

    def prepare(self, step: Notify, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        if "{{" in step.text:
            raise UsageError(f"text: expected no placeholder (got {step.text!r}); use `values`")
        return Prepared("NOTIFY", NOTIFY, body={"text": step.text, "values": fill(step.values, values)}, statuses=[200])

    def effect(self, step: Notify) -> Effect:
        """See `StepKind.effect`."""
        return _NO_CHANGE


class ExecKind(StepKind[Exec]):
    """Run a program of this host."""

    kind = "exec"
    form = Exec
    system = "exec"
    Options: ClassVar[type[Struct]] = ExecOptions
    examples: ClassVar = ({"kind": "exec", "name": "rotate", "argv": ["/usr/sbin/logrotate", "-f", "{{ file }}"]},)

    def prepare(self, step: Exec, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        program = step.argv[0]
        if not isinstance(program, str) or "{{" in program or not _is_plain(program):
            raise UsageError(f"argv[0]: expected the absolute path of a program, without placeholder (got {program!r})")
        allowed = system.options.programs if system is not None and isinstance(system.options, ExecOptions) else []
        if allowed and program not in allowed:
            raise UsageError(f"argv[0]: {program!r} is not among the programs of respond.exec ({', '.join(allowed)})")
        argv = [plain(fill(one, values)) for one in step.argv]
        for written, one in zip(step.argv, argv, strict=True):
            # A program would read a value that begins with a dash as an option.
            if "\0" in one or (written != one and str(written).startswith("{{") and one.startswith("-")):
                raise UsageError(f"argv: expected a value without NUL that does not begin with '-' (got {one!r})")
        timeout_s = _bounded("timeout", step.timeout, MAX_EXEC_S)
        return Prepared("EXEC", EXEC, body={"argv": argv}, timeout_s=timeout_s, statuses=[200])

    def effect(self, step: Exec) -> Effect:
        """See `StepKind.effect`; what a program does is not known here."""
        return Effect(reversible=False, blast="site", idempotent=False)


def notice_of(body: Any) -> str:
    """Return the text that a `notify` step has people notified of.

    >>> notice_of({"text": "It is replaced.", "values": {"host": "web-1"}})
    'It is replaced. (host: web-1)'
    """
    values = ", ".join(f"{name}: {plain(value)}" for name, value in body["values"].items())
    return f"{body['text']} ({values})" if values else str(body["text"])


def _is_plain(program: str) -> bool:
    return program.startswith("/") and ".." not in PurePosixPath(program).parts and program.isprintable()


def _bounded(name: str, given: str, most_s: float) -> float:
    found = seconds(given)
    if not 0 < found <= most_s:
        raise UsageError(f"{name}: expected up to {most_s:g} s (got {given})")
    return found
