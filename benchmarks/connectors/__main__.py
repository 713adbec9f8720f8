"""`python -m benchmarks.connectors`: how right each connector is on recorded payloads of its tool."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.connectors.grading import Grade, grade, pair
from benchmarks.connectors.samples import FOLDER, Sample, read
from benchmarks.connectors.table import rows, update_page
from benchmarks.connectors.taking import take
from benchmarks.data import available


def grades_of(root: Path, tools: list[str]) -> dict[str, list[Grade]]:
    """Return the grades by tool, of all tools or of those named."""
    by_tool: dict[str, list[Sample]] = {}
    for sample in read(root):
        if not tools or sample.tool in tools:
            by_tool.setdefault(sample.tool, []).append(sample)
    found = {}
    for tool, samples in sorted(by_tool.items()):
        found[tool] = [grade(sample, take(root, sample)) for sample in samples]
        pair(found[tool])
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table; with `--why` each fault, with `--page` write it into a page."""
    parser = argparse.ArgumentParser(prog="benchmarks.connectors", description=__doc__)
    parser.add_argument("--tool", action="append", default=[], help="only this tool; repeatable")
    parser.add_argument("--why", action="store_true", help="print each fault")
    parser.add_argument("--page", type=Path, help="write the table between the markers of this page")
    given = parser.parse_args(arguments)
    root = available([f"{FOLDER}/index.json"])
    if root is None:
        return 0
    found = grades_of(root, given.tool)
    if given.why:
        for grades in found.values():
            for one in grades:
                for fault in one.faults:
                    print(f"{one.sample.file}\n    {fault}")
    lines = rows(found)
    print("\n".join(lines))
    if given.page:
        update_page(given.page, lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
