"""Tables in Markdown, and their places between two marks of a page, so that no figure is typed by hand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

import msgspec

# Text is wrapped like the rest of the page; rows of tables cannot be.
WIDTH = 120
# What a place is named by: the command that fills it.
FOLD, DAEMON = "python -m benchmarks.throughput --page", "python -m benchmarks.throughput.daemon --page"


def table_of(text: str, head: str, rows: Iterable[str]) -> str:
    """A paragraph and a table; `head` and `rows` are lines of cells between bars."""
    return "\n".join((textwrap.fill(text, WIDTH), "", head, "|---" * (head.count("|") - 1) + "|", *rows))


def _marks(place: str) -> tuple[str, str]:
    return f"<!-- made by `{place}`: do not edit -->", f"<!-- end of `{place}` -->"


def put(page: Path, place: str, text: str) -> None:
    """Replace what stands between the marks of a place; raise `ValueError` where they are not."""
    first, last = _marks(place)
    before, begin, rest = page.read_text(encoding="utf-8").partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{page}: expected the lines {first} and {last}")
    page.write_text(f"{before}{first}\n\n{text}\n\n{last}{after}", encoding="utf-8")


def write(path: Path, results: object) -> None:
    """Results into a file, readable and with the same bytes for the same results."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def deliver(results: object, text: str, place: str, out: Path | None, page: Path | None) -> None:
    """Write the results to `out` and their tables to a place of `page`, where these are asked for, and print them."""
    if out:
        write(out, results)
    if page:
        put(page, place, text)
    print(text)


def on_page(page: Path, place: str) -> str:
    """What stands between the marks of a place."""
    first, last = _marks(place)
    return page.read_text(encoding="utf-8").partition(first)[2].partition(last)[0].strip()
