"""The results of the accuracy suites, and their tables for the page, one place a suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from benchmarks.machine import Machine
from benchmarks.page import put, table_of

Row = dict[str, Any]
FORMS = {
    "full": "three orders within equal times",
    "one": "one order within equal times",
    "quick": "a part of the data",
}
# What a table begins with, where its name does not say it.
TEXTS = {
    "generality": (
        "Every development stream at the defaults, the row furthest below what it is compared with first: the highest "
        "of its goal, the session gaps, and the same faults without a graph. Pairwise F1, precision and recall; pieces "
        "of a fault; foreign: the share of alerts in a cluster that another fault began, and what merged of unrelated "
        "alerts. Attacks: macro F1, TNR and TPR, areas. Incidents: through the whole engine, in one order."
    ),
    "overlays": (
        "Overlapping microservice faults, pairwise F1: ours, without the graph, and the best of five session gaps, "
        "chosen on the test. `spread` is half the range over the orders."
    ),
    "simulated local faults": (
        "Simulated local faults, pairwise F1 with background counted, means over the seeds; gain of the graph over "
        "service names alone: mean, worst seed, seeds won, and p of a two-sided sign test over the seeds."
    ),
    "feedback": (
        "Corrections of a simulated operator in the first half of a stream, and the faults that begin in its second "
        "half: pairwise F1, precision and recall, pieces a fault, false merges a fault, and the share of alerts in a "
        "cluster that another fault began. `errs`: the share of wrong corrections. "
        "Rule `control`: nothing is learned; `literal`: the last correction of two streams decides on these two alone."
    ),
    "first response": (
        "Runs without a person on simulated sites, as `aiops replay --remediation` decides them: shares of faults for "
        "which one started, and for which one was right (its target is, or belongs to, the cause); wrong actions, by "
        "10,000 incidents, and the upper end of Wilson's interval; late ones (the fault had ended); median seconds "
        "from the first alert to the run, and to its verification at the earliest; what refused the other faults. "
        "`measured`: the certainty by reviews of the first two thirds of a site's life, which are not counted; "
        "`assumed`: .95, whatever it is here. `certainty`: what the operator requires, by default .9. "
        "`worse`: the ranker names another suspect in three of ten incidents. "
        "`naive`: act whenever a playbook fits."
    ),
    "nab": (
        "The threshold is the corpus optimum of each profile, as published, unless the row says otherwise: the shipped "
        "one, or the one that is best on one random half of the series, scored on the other half (mean of 20 splits)."
    ),
}
AREA = "area without / with background, macro F1 at the knob"


class Suite(Struct):
    """What a suite found: its rows, none where its data is absent; its exit code; where and how it was measured."""

    name: str
    machine: Machine
    form: str = "full"
    seconds: float = 0.0
    code: int = 0
    rows: list[Row] = field(default_factory=list)


class Results(Struct):
    """A run; suites that were kept from an earlier one have its machine and revision."""

    suites: list[Suite] = field(default_factory=list)


def merged(before: Results, after: Results, order: Sequence[str]) -> Results:
    """`before` with the suites of `after` that found something in place of its own."""
    suites = {suite.name: suite for suite in before.suites}
    suites |= {suite.name: suite for suite in after.suites if suite.rows or suite.name not in suites}
    return Results([suites[name] for name in order if name in suites])


def place(name: str) -> str:
    """The place of a suite on the page."""
    return f"python -m benchmarks.accuracy --only {name} --page"


def fill(page: Path, results: Results) -> None:
    """Put the tables of each suite that found something into its place; `ValueError` where the page has none."""
    for suite in results.suites:
        if suite.rows:
            put(page, place(suite.name), report(suite))


def report(suite: Suite) -> str:
    """All tables of a suite as Markdown."""
    tables: dict[str, list[Row]] = {}
    for row in suite.rows:
        tables.setdefault(str(row["table"]), []).append(row)
    head = (
        f"{suite.machine} {FORMS[suite.form].capitalize()}, {suite.seconds:.0f} s."
        if suite.name == "grouping"
        else str(suite.machine)
    )
    parts = [head]
    systems = {name: rows for name, rows in tables.items() if suite.name == "causes" and name.endswith(" cases")}
    if systems:
        parts.append(causes_table(systems))
    for name, rows in tables.items():
        if "networks" in rows[0]:
            parts += network_tables(name, rows)
        elif name not in systems:
            parts.append(plain_table(name, rows))
    return "\n\n".join(parts)


def plain_table(name: str, rows: Sequence[Row]) -> str:
    """A table with the columns of its rows."""
    columns = list(dict.fromkeys(key for row in rows for key in row if key != "table"))
    cells = [_column([row.get(column) for row in rows], column) for column in columns]
    names = ["" if column == "row" else column.replace("_", " ") for column in columns]
    lines = [_line(line) for line in zip(*cells, strict=True)]
    return table_of(TEXTS.get(name, f"{name[:1].upper()}{name[1:]}."), _line(names), lines)


def network_tables(kind: str, rows: Sequence[Row]) -> list[str]:
    """Pooled rows with all figures, then each network alone."""
    alone = sorted({row["networks"] for row in rows if "-" in row["networks"]})
    text = (
        f"`{kind}`: {AREA} (rules without a default of their own: their best, in hindsight), mean TPR and TNR there. ± "
        "is half the widest range over the orders; µs are processor time of the correlator alone."
    )
    head = "| rule | networks | knob | area | with background | F1 | TPR | TNR | ± | orders | µs | p99 |"
    lines = [_line([row["row"], row["networks"], *_figures(row)]) for row in rows if row["networks"] not in alone]
    rules = list(dict.fromkeys(row["row"] for row in rows))
    found = {(row["row"], row["networks"]): row for row in rows}
    each = [_line([rule, *(_three(found.get((rule, name))) for name in alone)]) for rule in rules]
    return [
        table_of(text, head, lines),
        table_of(f"`{kind}`, each network alone: {AREA}.", _line(["rule", *alone]), each),
    ]


def _figures(row: Row) -> list[str]:
    shares = [f"{row[name]:.3f}" for name in ("area", "area_background", "f1", "tpr", "tnr", "spread")]
    cost = [f"{row[name]:.1f}" if row["mean_us"] else "" for name in ("mean_us", "p99_us")]
    return [f"{row['knob']:g}", *shares, str(row["orders"]), *cost]


def _three(row: Row | None) -> str:
    return f"{row['area']:.3f} / {row['area_background']:.3f}, {row['f1']:.3f}" if row else ""


def causes_table(systems: dict[str, list[Row]]) -> str:
    """A line a system: the best naive figure of each kind, in hindsight, and ours."""
    labels = [row["row"] for row in next(iter(systems.values())) if not str(row["row"]).startswith("naive")]
    lines = []
    for name, rows in systems.items():
        system, _, cases = name.rpartition(": ")
        naive = [row for row in rows if str(row["row"]).startswith("naive")]
        best = {figure: max((row[figure] for row in naive), default=0.0) for figure in ("top-1", "top-3")}
        mine = {row["row"]: row for row in rows}
        pairs = [f"{each['top-1']:.3f} / {each['top-3']:.3f}" for each in (best, *(mine[label] for label in labels))]
        lines.append(_line([system, cases.removesuffix(" cases"), *pairs]))
    text = "Top-1 / top-3. Best naive: the best of six naive rankings, for each figure by itself, in hindsight."
    return table_of(text, _line(["system", "incidents", "best naive", *labels]), lines)


def _column(cells: Sequence[Any], name: str) -> list[str]:
    """Numbers of a column alike: whole ones as counts, else three digits, or one where they are large."""
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    if all(float(number).is_integer() for number in numbers) and any(abs(number) > 1 for number in numbers):
        return [f"{cell:,.0f}" if isinstance(cell, int | float) else _text(cell) for cell in cells]
    digits = 3 if max(map(abs, numbers), default=0.0) < 10 else 1
    form = ".1g" if name == "p" else f".{digits}f"
    return [f"{cell:{form}}" if isinstance(cell, int | float) else _text(cell) for cell in cells]


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
