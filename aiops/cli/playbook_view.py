"""Suggested and explained playbooks on a terminal; all text of alerts goes through `clean`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.terminal import clean
from aiops.records import Suggestion
from aiops.respond.calls import Call, StepState
from aiops.respond.explain import Explanation
from aiops.respond.filled import belonging
from aiops.respond.guards import GuardCheck
from aiops.respond.rendering import Shown
from aiops.respond.runs import Plan

# Nothing of a request may be hidden from its approver: a playbook file has at most 256 KiB.
MAX_BODY_CHARS = 1_000_000
_MARKS = {"passed": ("✓", "green"), "refused": ("✗", "red"), "later": ("·", "dim")}


def show_suggestions(console: Console, suggested: Sequence[Suggestion]) -> None:
    """Print a table of suggestions with the evidence that adds up to each score."""
    if not suggested:
        console.print("No playbook fits: none of the conditions holds, and no text is alike enough.")
        return
    table = Table("playbook", "score", "because", box=None, header_style="bold", pad_edge=False)
    for one in suggested:
        reasons = "\n".join(f"{evidence.value:+.2f} {clean(evidence.text)}" for evidence in one.evidence)
        table.add_row(Text(clean(one.name)), f"{one.score:.2f}", Text(reasons))
    console.print(table)


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print a playbook with its commands filled in, and the answers of its guards."""
    console.print(f"\n{clean(explanation.playbook)}", style="bold underline")
    console.print(Text(clean(explanation.summary)))
    verdict = "fits" if explanation.fits else "does not fit"
    console.print(Text(f"{verdict}: {clean(explanation.reason)}", style="green" if explanation.fits else "red"))
    console.print(Text(f"Do not use: {clean(explanation.when_not_to_use)}", style="yellow"))
    for name, reason in explanation.missing.items():
        console.print(Text(f"fill in <{clean(name)}> yourself: {clean(reason)}", style="dim"))
    for number, step in enumerate(explanation.steps, 1):
        _step(console, number, step)
    if explanation.guards:
        console.print("\nguards, as a dry run with the kill switch released", style="bold")
    _checks(console, explanation.guards)


def show_plan(console: Console, plan: Plan) -> None:
    """Print a dry run: the requests, and each guard's answer."""
    console.print(f"\nDry run of {clean(plan.playbook)}", style="bold underline")
    console.print(Text(clean(plan.sentence, 500), style="red" if plan.refused else "green"), soft_wrap=True)
    for text in plan.warnings:
        console.print(Text(f"  warning: {clean(text, 1_000)}", style="yellow"), soft_wrap=True)
    for state in plan.states:
        console.print(Text(f"  {_seen(state)}", style="red" if state.problem else "bold"), soft_wrap=True)
    for request in plan.requests:
        console.print(
            Text(f"  {_sent(request)}", style="dim" if request.phase == "rollback" else "cyan"), soft_wrap=True
        )
    for name in plan.by_hand:
        console.print(Text(f"  rollback by hand: {clean(name)}", style="dim"), soft_wrap=True)
    _checks(console, plan.checks)
    if plan.automatic:
        _automatic(console, plan.automatic)


def _seen(state: StepState) -> str:
    """Describe what a step would change, as it was read for the plan; an approval is bound to it."""
    after = f"decided on what {state.after} leaves" if state.after else ""
    text = state.problem or after or state.observed.summary or "read"
    pins = ", ".join(f"{name} {value}" for name, value in state.observed.pins.items())
    return clean(f"{state.name} on {state.target}: {text}{f' ({pins})' if pins else ''}", 2_000)


def _automatic(console: Console, checks: Sequence[GuardCheck]) -> None:
    refused = [check for check in checks if check.state == "refused"]
    if not refused:
        console.print(Text("without a person: all guards hold", style="green"))
    for check in refused:
        console.print(Text(f"without a person: {check.guard}: {clean(check.reason)} [{check.code}]"), soft_wrap=True)


def _sent(request: Call) -> str:
    """Describe all that is sent of a request, for its approver; the rollback is sent only if needed."""
    what = f"{request.phase} {clean(request.name)} on {clean(request.target)}"
    parts = [f"{what}: {request.method} {clean(request.url, 4_096)}"]
    parts += [f"{clean(name)}: {clean(value, 300)}" for name, value in request.headers.items()]
    parts += [clean(msgspec.json.encode(request.body).decode(), MAX_BODY_CHARS)] if request.body is not None else []
    parts += [f"with the secret {clean(request.secret)}"] if request.secret else []
    parts += [f"up to {request.attempts} times"] if request.attempts > 1 else []
    parts += [clean(line, MAX_BODY_CHARS) for line in belonging(request)]
    return ", ".join(parts)


def _checks(console: Console, checks: Sequence[GuardCheck]) -> None:
    for check in checks:
        mark, style = _MARKS[check.state]
        code = f" [{check.code}]" if check.code else ""
        console.print(Text(f"  {mark} {check.guard}: {clean(check.reason)}{code}", style=style))


def _step(console: Console, number: int, step: Shown) -> None:
    console.print(Text(f"\n{number}. {clean(step.name)}", style="bold"))
    for line in (step.run or "").splitlines():
        console.print(Text(f"   $ {clean(line, 2000)}", style="cyan"), soft_wrap=True)
    if step.request is not None:
        console.print(Text(f"   {step.request.method} {clean(step.request.url)}", style="cyan"), soft_wrap=True)
        if step.request.body is not None:
            console.print(Text(f"   {clean(str(step.request.body))}", style="cyan"), soft_wrap=True)
        for line in belonging(step.request):
            console.print(Text(f"   {clean(line, MAX_BODY_CHARS)}", style="dim"), soft_wrap=True)
    for label, text in (("expect", step.expect), ("note", step.note)):
        if text:
            console.print(Text(f"   {label}: {clean(text, 800)}"))
