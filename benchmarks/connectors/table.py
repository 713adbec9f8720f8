"""The table of grades, printed and kept in docs/connectors.md."""

from __future__ import annotations

from pathlib import Path

from aiops.errors import UsageError
from benchmarks.connectors.grading import ASPECTS, Grade

BEGIN, END = "<!-- graded: begin -->", "<!-- graded: end -->"


def rows(found: dict[str, list[Grade]]) -> list[str]:
    """Return a Markdown table: a row a tool, `right/of` an aspect, blank where no payload states it."""
    lines = [_row(["connector", "payloads", *ASPECTS]), _row(["---"] * (len(ASPECTS) + 2))]
    lines += [
        _row([tool, str(len(grades)), *(_cell(grades, one) for one in ASPECTS)]) for tool, grades in found.items()
    ]
    every = [one for grades in found.values() for one in grades]
    lines.append(_row(["all", str(len(every)), *(_cell(every, one) for one in ASPECTS)]))
    return lines


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(grades: list[Grade], aspect: str) -> str:
    right, of = (sum(counts.get(aspect, 0) for counts in part) for part in _counts(grades))
    return "" if of == 0 else str(of) if right == of else f"{right}/{of}"


def _counts(grades: list[Grade]) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    return [one.right for one in grades], [one.of for one in grades]


def update_page(page: Path, lines: list[str]) -> None:
    """Replace what is between the markers of a page; raise `UsageError` where they are missing."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"{page}: expected the lines {BEGIN} and {END}; add them where the table goes")
    page.write_text("\n".join([before + begin, "", *lines, "", end + after]))
