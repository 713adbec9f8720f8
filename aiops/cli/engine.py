"""`aiops engine`: the figures of the running daemon, as its page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for
from aiops.daemon.control import send_request
from aiops.durations import compact
from aiops.views.engine_report import Conservation, Engine
from aiops.wording import plural

# Tools and reasons that are listed; --json has all.
_MAX_LISTED = 10


def engine_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: TableJsonOption = False
) -> None:
    """Show where each alert went, what arrives, speed, clocks, models and automation.

    The exit code is 1 if the sum of alerts does not hold.
    """
    answer = send_request(state_directory(config, sets, state), {"ask": "engine"})["engine"]
    engine = msgspec.convert(answer, Engine)
    if as_json:
        print_json(engine)
    else:
        show_engine(console_for(), engine)
    if not engine.conservation.holds:
        raise typer.Exit(1)


def show_engine(console: Console, engine: Engine) -> None:
    """Print the figures."""
    console.print(Text(f"{engine.status}{f': {clean(engine.reason)}' if engine.reason else ''}", style="bold"))
    for warning in engine.warnings:
        console.print(Text(f"warning: {clean(warning, 500)}", style="yellow"), soft_wrap=True)
    _sum(console, engine.conservation)
    now, figures = engine.figures.at, engine.figures
    last = plural(figures.alerts.minutes[-2], "alert")
    console.print(f"last minute: {last}; {plural(engine.inbox, 'record')} waiting")
    means = [f"{name} {one.mean_s * 1000:.3g} ms" for name, one in figures.stages.items() if one.count]
    console.print(f"mean of a frame: {', '.join(means) or 'no frame yet'}")
    _table(console, ("source", "state", "records", "last seen", "lag"), [_source(one, now) for one in engine.sources])
    tools = [(one.name, str(one.count), str(one.minutes[-2]), _seen(one.last_at, now)) for one in figures.tools]
    _table(console, ("tool", "alerts", "last minute", "last seen"), tools[:_MAX_LISTED])
    models = [(one.stage, f"{one.model} {one.version}".strip(), one.digest, one.drift) for one in engine.models]
    _table(console, ("for", "model", "digest", "drift"), models)
    _rest(console, engine)


def _sum(console: Console, one: Conservation) -> None:
    parts = {
        "in incidents": one.incident,
        "repeats": one.duplicate,
        "background": one.background,
        "silenced": one.suppressed,
        "rejected": one.rejected,
    }
    text = f"{one.received:,} received = " + " + ".join(f"{count:,} {name}" for name, count in parts.items())
    verdict = "adds up" if one.holds else f"does not add up: {one.missing:,} missing"
    console.print(Text(f"{text}: {verdict}", style="green" if one.holds else "bold red"), soft_wrap=True)
    for reason in one.reasons[:_MAX_LISTED]:
        console.print(
            Text(f"  rejected, {clean(reason.source)}: {clean(reason.reason, 300)} ({reason.count:,})"), soft_wrap=True
        )


def _source(one: Any, now: float) -> tuple[str, ...]:
    arrived = one.arrived
    lag = "" if one.lag is None else f"{sum(one.lag.values()):,.0f} behind"
    seen = _seen(arrived.last_at, now) if arrived is not None else "not yet"
    return (one.name, "ok" if one.ok else one.detail, str(arrived.count if arrived is not None else 0), seen, lag)


def _seen(at: float, now: float) -> str:
    return f"{compact(now - at)} ago" if at else "not yet"


def _table(console: Console, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    console.print()
    console.print(table)


def _rest(console: Console, engine: Engine) -> None:
    clock, auto = engine.clock, engine.automation
    behind = f"{clock.ahead_s:.1f} s ahead of this host" if clock.ahead_s else "with this host"
    console.print(f"\nengine clock: {behind}{f'; {clean(clock.detail, 300)}' if clock.detail else ''}", soft_wrap=True)
    if auto.problem:
        console.print(Text(f"automation: {clean(auto.problem, 300)}"), soft_wrap=True)
    else:
        reason = clean(auto.moved.reason, 200) or "no reason given" if auto.moved else ""
        moved = f", by {clean(auto.moved.actor)}: {reason}" if auto.moved else ""
        switch = "on: nothing runs" if auto.stopped else "off"
        console.print(Text(f"automation: ceiling {auto.ceiling}; kill switch {switch}{moved}"), soft_wrap=True)
    for one in engine.figures.unconfigured:
        console.print(Text(f"not configured: {one.what}: {one.costs}; see {one.see}", style="dim"), soft_wrap=True)
