"""Runs on a terminal: those that wait for a person, one run with its answers, and who moved a switch."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from aiops.cli.terminal import clean, moment
from aiops.respond.history import SwitchMove
from aiops.respond.run_record import Exchange, RunRecord
from aiops.views.waiting_runs import Waiting
from aiops.wording import plural


def show_waiting(console: Console, waiting: Waiting) -> None:
    """Print the planned runs that wait for an approval, and those that guards refuse."""
    for one in waiting.runs:
        _line(console, f"waits for a person: {one.plan} for {one.incident} ({one.title}): {one.guards}", "yellow")
    for step in waiting.steps:
        given = f"{len(step.given)} of {step.quorum} approvals until {moment(step.until)}"
        why = f"; it cannot continue: {step.refused}" if step.refused else ""
        _line(console, f"run {step.run} waits for an approval: {step} for {step.incident}: {given}{why}", "yellow")
        for state in step.states:
            _line(console, f"  {state.name} on {state.target}: {state.problem or state.observed.summary}")
        for text in step.warnings:
            _line(console, f"  warning: {text}", "yellow")
    for one in waiting.refused:
        _line(console, f"refused by a guard: {one.plan} for {one.incident}: {one.stopped}", "dim")
    for problem in waiting.problems:
        _line(console, f"not planned: {problem}", "dim")


def show_record(console: Console, record: RunRecord) -> None:
    """Print a run: what happened, each request with its answer, and the state of each step."""
    run = record.run
    _line(console, f"{run.id}: {run.playbook} {run.version} on {', '.join(run.targets)}: {run.state}", "bold")
    who = "started without a person" if run.by == "engine" else f"approved by {run.actor or 'nobody'}"
    _line(console, f"for {run.incident}; {who}; {run.why or 'no problem'}")
    if record.guards:
        held = sum(one.state == "passed" for one in record.guards)
        _line(console, f"at its start {plural(held, 'guard')} held (`--json` lists them)")
    for step in record.steps:
        _line(console, f"{moment(step.at)} {step.text}{f' ({step.actor})' if step.actor else ''}")
    for exchange in record.exchanges:
        _exchange(console, exchange)
    for word, steps, style in (("done", run.done, ""), ("unknown", run.unknown, "red"), ("not begun", run.left, "")):
        for text in steps:
            _line(console, f"{word}: {text}", style)
    if run.rollback:
        _line(console, f"rollback: {run.rollback}", "yellow")


def show_moves(console: Console, moves: Mapping[str, SwitchMove]) -> None:
    """Print who moved each switch last, and why."""
    for scope, move in moves.items():
        what = "stopped" if move.engaged else "resumed"
        reason = move.reason or "no reason given"
        _line(console, f"  {scope} {what} by {move.actor} at {moment(move.at)}: {reason}", "dim")


def _exchange(console: Console, one: Exchange) -> None:
    if one.answered_at is None:
        answer = "no answer is recorded"
    else:
        answer = f"{one.status or 'no status'} after {one.answered_at - one.at:.1f} s: {one.problem or 'accepted'}"
    _line(console, f"{one.place} {one.name} on {one.target}: {one.method} {one.url}", "cyan")
    _line(console, f"  {answer}", "red" if one.problem else "green")
    if one.excerpt:
        _line(console, f"  {one.excerpt}", "dim")


def _line(console: Console, text: str, style: str = "") -> None:
    indent = len(text) - len(text.lstrip(" "))
    console.print(Text(" " * indent + clean(text, 4_000), style=style), soft_wrap=True)
