"""The checks of `aiops playbooks lint` that the schema cannot express."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.respond.approval_kind import ApprovalStep
from aiops.respond.catalogue import PlaybookError, read_playbook, usable
from aiops.respond.collector_checks import check_collector
from aiops.respond.collectors import Collect
from aiops.respond.format import Parameter, Playbook
from aiops.respond.http_kinds import Http, Webhook
from aiops.respond.matching import compile_match
from aiops.respond.parameters import check
from aiops.respond.reversible import irreversible
from aiops.respond.step_registry import kind_of, name_of, stand_in
from aiops.respond.steps import AlertResolved, Manual, Step
from aiops.step_kinds.forms import Form, Scalar
from aiops.step_kinds.placeholders import PLACEHOLDER, placeholders, texts
from aiops.step_kinds.taking import faults


class Finding(Struct, omit_defaults=True):
    """A fault (`error`) or a doubt (`warning`) in a file."""

    file: str
    level: Literal["error", "warning"]
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.text} ({self.level})"


Found = Iterator[tuple[Literal["error", "warning"], str, str]]


def lint_file(path: Path) -> list[Finding]:
    """Return all findings of a file; a file that does not decode has a single error with the reason."""
    try:
        playbook = usable(read_playbook(path), path)
    except PlaybookError as error:
        text = str(error).removeprefix(f"{path}: ")
        place, _, rest = text.partition(": ")
        if not place.startswith("$"):
            place, rest = "$", text
        return [Finding(str(path), "error", place, rest)]
    found = [Finding(str(path), level, place, text) for level, place, text in lint(playbook)]
    if playbook.name != path.stem:
        found.append(
            Finding(str(path), "error", "$.name", f"expected the file's name, {path.stem!r}; got {playbook.name!r}")
        )
    return found


def lint(playbook: Playbook) -> Found:
    """Yield the findings of a decoded playbook as (level, path, text)."""
    yield from _matching(playbook)
    yield from _parameters(playbook)
    for place, step in all_steps(playbook):
        yield from _step(playbook, place, step)
    yield from _mode(playbook)
    yield from _reversible(playbook)
    yield from _approvals(playbook)
    yield from _completeness(playbook)


def all_steps(playbook: Playbook) -> Iterator[tuple[str, Any]]:
    """Yield every step and check with its path."""
    for name in ("preconditions", "diagnosis", "steps", "verify", "rollback"):
        for index, step in enumerate(getattr(playbook, name)):
            yield f"$.{name}[{index}]", step


def _matching(playbook: Playbook) -> Found:
    match = playbook.match
    if not match.alert and not match.any_alert:
        yield "error", "$.match", "expected a matcher in alert or anyAlert; without one it would fit every incident"
    try:
        compile_match(playbook)
    except UsageError as error:
        yield "error", "$.match", str(error)


def _parameters(playbook: Playbook) -> Found:
    used = {name for _, step in all_steps(playbook) for name in placeholders(step)}
    for name, parameter in playbook.parameters.items():
        path = f"$.parameters.{name}"
        if name not in used:
            yield "warning", path, "no step uses it"
        yield from _parameter(path, parameter)
    for name in sorted(used - set(playbook.parameters)):
        yield "error", "$.parameters", f"a step uses {{{{ {name} }}}}, which is not declared"


def _parameter(path: str, parameter: Parameter) -> Found:
    if parameter.pattern is not None:
        try:
            Expression(parameter.pattern)
        except UsageError as error:
            yield "error", f"{path}.pattern", str(error)
            return
    for value in [parameter.default, *parameter.enum]:
        if value is not None:
            try:
                check(parameter, value)
            except ValueError as error:
                yield "error", f"{path}.default" if value == parameter.default else f"{path}.enum", str(error)


def _step(playbook: Playbook, place: str, step: Any) -> Found:
    if isinstance(step, Manual):
        yield from _manual(place, step)
    elif isinstance(step, Collect):
        yield from _collector(playbook, place, step)
    elif isinstance(step, Http | Webhook):
        yield from _request(playbook, place, step)
        yield from _sent_values(playbook, step)
    elif isinstance(step, Form):
        yield from _prepared(playbook, place, step)
        yield from _sent_values(playbook, step)


def _collector(playbook: Playbook, place: str, step: Collect) -> Found:
    for field, problem in check_collector(step, list(playbook.parameters)):
        yield "error", f"{place}{field}", problem
    if [one.name for one in playbook.diagnosis if isinstance(one, Collect)].count(step.name) > 1:
        yield "error", f"{place}.name", f"expected a name of its own; another collector is called {step.name!r}"


def _manual(place: str, step: Manual) -> Found:
    for field in ("name", "expect", "note"):
        if "{{" in (getattr(step, field) or ""):
            yield "error", f"{place}.{field}", "placeholders are filled in `run` only"
    run = step.run or ""
    if "{{" in PLACEHOLDER.sub("", run):
        yield "error", f"{place}.run", "expected placeholders like {{ name }}"
    for found in PLACEHOLDER.finditer(run):
        if _quoted(run[: found.start()]):
            yield (
                "error",
                f"{place}.run",
                f"{found.group(0)} is inside quotes: quoting its value cannot protect it",
            )


def _quoted(before: str) -> bool:
    """Return True if a shell would be inside quotes after this text of the same line."""
    quote = ""
    for char in re.sub(r"\\.", "", before.rpartition("\n")[2]):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
    return bool(quote)


def _prepared(playbook: Playbook, place: str, step: Form) -> Found:
    kind = kind_of(step)
    values = {**dict.fromkeys(placeholders(step), "x"), **{n: _sample(one) for n, one in playbook.parameters.items()}}
    try:
        made = kind.prepare(step, values, stand_in(step))
    except UsageError as error:
        yield "error", place, str(error)
        return
    yield from (("error", place, fault) for fault in faults(made, kind.poll_method))


def _sample(parameter: Parameter) -> Scalar:
    if parameter.default is not None:
        return parameter.default
    if parameter.enum:
        return parameter.enum[0]
    if parameter.type == "boolean":
        return True
    if parameter.type == "string":
        return "x"
    least = parameter.minimum if parameter.minimum is not None else 1
    return int(least) if parameter.type == "integer" else least


def _request(playbook: Playbook, place: str, step: Http | Webhook) -> Found:
    yield from _prepared(playbook, place, step)
    for text in _keys_and_headers(step):
        if "{{" in text:
            yield (
                "error",
                place,
                f"a placeholder can be a path segment, a query value or a scalar of the body, not {text!r}",
            )
    if step.attempts > 1 and not step.idempotent:
        yield "error", f"{place}.attempts", "expected 1, or idempotent: true; a step that may act twice is not retried"
    if step.url.startswith("http://"):
        yield "warning", f"{place}.url", "plain http can be read and changed in transit; use https"


def _sent_values(playbook: Playbook, step: Form) -> Found:
    for name in placeholders(step):
        parameter = playbook.parameters.get(name)
        if parameter and parameter.type == "string" and parameter.from_ and not (parameter.pattern or parameter.enum):
            yield (
                "error",
                f"$.parameters.{name}",
                "expected a pattern or enum: its value comes from an alert and is sent",
            )


def _keys_and_headers(step: Http | Webhook) -> Iterator[str]:
    def keys(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield str(key)
                yield from keys(part)
        elif isinstance(value, list):
            for part in value:
                yield from keys(part)

    yield step.name
    yield from keys(step.body)
    if isinstance(step, Http):
        yield from texts(step.headers)
        yield from step.query


def _mode(playbook: Playbook) -> Found:
    if playbook.mode == "suggest":
        return
    if playbook.mode == "auto" and (why := irreversible(playbook, [playbook.name])) is not None:
        yield "error", "$.mode", f"expected suggest or approve: {why}; no run of it may start without a person"
    if playbook.mode == "auto" and not any(isinstance(check, AlertResolved | Form) for check in playbook.verify):
        yield "error", "$.verify", "expected a check that the engine can make, which mode auto needs"
    manual = [step for step in playbook.steps if isinstance(step, Manual)]
    if manual:
        yield (
            "error",
            "$.steps",
            f"expected steps that can be executed in mode {playbook.mode}; {manual[0].name!r} is manual",
        )
    if not playbook.approval.approvers:
        yield "error", "$.approval.approvers", "expected at least one; nobody could approve a run"
    if not playbook.match.cause.kind:
        yield "error", "$.match.cause.kind", "expected the kinds of entity that a run may touch"
    if not any(parameter.from_ == ["cause.entity"] for parameter in playbook.parameters.values()):
        yield "error", "$.parameters", "expected a parameter with from: [cause.entity]; it names the target of a run"
    if not playbook.reversible and not playbook.rollback:
        yield "warning", "$.rollback", "the run is not reversible and has no rollback"
    if playbook.guards.min_confidence == "low":
        yield "warning", "$.guards.minConfidence", "a run on a cause of low confidence will often be wrong"


def _reversible(playbook: Playbook) -> Found:
    if not playbook.reversible or playbook.rollback:
        return
    for index, step in enumerate(playbook.steps):
        if isinstance(step, Form) and not kind_of(step).effect(step).reversible:
            place, kind = f"$.steps[{index}]", name_of(step)
            yield "error", place, f"a step of kind {kind} cannot be undone; add a rollback, or set reversible: false"


def _approvals(playbook: Playbook) -> Found:
    """Yield what makes a wait for people pointless: nothing before it, or nothing after it."""
    steps = playbook.steps
    for index, step in enumerate(steps):
        if not isinstance(step, ApprovalStep):
            continue
        place = f"$.steps[{index}]"
        if index == 0:
            yield "error", place, "expected a step before it: a run is approved before it begins; use mode: approve"
        if index + 1 == len(steps):
            yield "error", place, "expected a step after it: nothing is left to approve"
        elif isinstance(steps[index + 1], ApprovalStep):
            yield "error", place, "expected another step between two approvals; use a quorum for more people"
        if index and not any(isinstance(one, Form) and _shows(one) for one in steps[:index]):
            yield "warning", place, "the steps before it change nothing and check nothing: mode: approve does the same"
        if not step.approvers and not playbook.approval.approvers:
            yield "error", f"{place}.approvers", "expected at least one; nobody could approve it"


def _shows(step: Form) -> bool:
    """Return True for a step whose result is worth an approval: it acts, or reads."""
    return name_of(step) not in ("wait", "notify", "approval")


def _completeness(playbook: Playbook) -> Found:
    decisions = {trial.expect.decision for trial in playbook.tests}
    for decision in ("suggest", "none"):
        if decision not in decisions:
            yield "error", "$.tests", f"expected a test with decision {decision}: one that fits and one that does not"
    for name in ("diagnosis", "verify"):
        if not getattr(playbook, name):
            yield "warning", f"$.{name}", "is empty"


__all__ = ["Finding", "Step", "all_steps", "lint", "lint_file"]
