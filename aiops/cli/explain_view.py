"""The explanation of one alert on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.backtest.explained import Compared, Explanation
from aiops.cli.terminal import clean, moment
from aiops.records import Evidence
from aiops.wording import located, plural

# Clusters beside the chosen one whose terms are shown; the rest is in the JSON.
MAX_OTHERS = 3


def show_explanation(console: Console, one: Explanation) -> None:
    """Print the decision, the terms behind it, the next best clusters, and the answer about an incident."""
    where = f" of {clean(one.service)}" if one.service else ""
    console.print(Text(f"{clean(located(one.name, one.entity))}{where}", style="bold"))
    console.print(Text(f"alert {clean(one.alert)}, record {one.record}, {moment(one.at)}", style="dim"))
    if one.messages > 1:
        text = f"{plural(one.messages, 'message')} match; this is the last one that gave the stream its place"
        console.print(Text(text, style="dim"))
    console.print(Text(clean(one.text, 1_000)))
    if one.later is not None:
        console.print(Text(f"Its cluster became {clean(one.later)} later."))
    for note in one.notes:
        console.print(Text(clean(note), style="yellow"))
    if one.chosen is not None:
        since = f", as of {moment(one.joined_at)}, when its stream joined" if one.joined_at is not None else ""
        _section(console, f"Why in {one.chosen.label}{since}", one.chosen, one.threshold)
    # The one in question has a section of its own.
    named = one.against.compared.cluster if one.against is not None and one.against.compared is not None else ""
    others = [each for each in one.others if each.cluster != named]
    for other in others[:MAX_OTHERS]:
        _section(console, f"Not in {other.label}", other, one.threshold)
    if len(others) > MAX_OTHERS:
        more = plural(len(others) - MAX_OTHERS, "more cluster")
        console.print(Text(f"\n{more} compared: see --json", style="dim"))
    _against(console, one)


def _against(console: Console, one: Explanation) -> None:
    if one.against is None:
        return
    console.print(Text(f"\nWhy not in {clean(one.against.incident)}", style="bold underline"))
    console.print(Text(f"  {clean(one.against.text, 1_000)}"))
    if one.against.compared is not None:
        console.print(_terms(one.against.compared.evidence, one.against.compared.score, one.threshold))


def _section(console: Console, title: str, compared: Compared, threshold: float | None) -> None:
    console.print(Text(f"\n{clean(title, 300)}", style="bold underline"))
    console.print(_terms(compared.evidence, compared.score, threshold))


def _terms(evidence: Sequence[Evidence], score: float, threshold: float | None) -> Table:
    """Render all terms, the strongest first: they are additive, so none is left out."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=8)
    table.add_column()
    for each in sorted(evidence, key=lambda term: -abs(term.value)):
        style = "green" if each.value >= 0 else "red"
        table.add_row(Text(f"{each.value:+.2f}", style=style), Text(clean(each.text or each.name)))
    needed = f"; more than {threshold:.2f} nats are needed" if threshold is not None else ""
    table.add_row(Text(f"{score:+.2f}", style="bold"), Text(f"in all{needed}", style="bold"))
    return table
