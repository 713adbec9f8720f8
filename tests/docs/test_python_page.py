"""docs/python.md: its examples run, give what it shows, and its tables are the columns of the frames."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aiops.archive import Rejections, read
from aiops.journal import Meta, Writer
from aiops.journal.frame import encode_lines
from aiops.notebook.schema import DTYPES, FRAMES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A block of the page: its language, its text, its line, and what the page shows as its output."""

    language: str
    text: str
    line: int
    output: str | None


Outputs = list[tuple[Example, str, Any]]


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    found: list[Example] = []
    for block in _BLOCK.finditer(text):
        language, body = block[1], block[2]
        if language == "text":
            assert found[-1].output is None
            found[-1] = found[-1]._replace(output=body)
        else:
            found.append(Example(language, body, text.count("\n", 0, block.start()) + 2, None))
    return found


def prepare(folder: Path) -> None:
    """A daemon's journal of the simulated alerts, and its configuration, where the page has them."""
    records = list(read([folder / "storm" / "alerts.jsonl"], Rejections()))
    writer = Writer(folder / ".local" / "state" / "aiops" / "journal")
    writer.append(records, encode_lines(records), Meta())
    writer.close()
    (folder / "aiops.toml").write_text('topology = "storm/topology.json"\n')


def run(text: str, line: int, names: dict[str, Any]) -> tuple[str, Any]:
    """What a block prints, and the value of its last line where that is an expression."""
    tree = ast.parse("\n" * (line - 1) + text, str(PAGE))
    last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        del tree.body[-1]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, str(PAGE), "exec"), names)
        value = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names) if last is not None else None
    return printed.getvalue(), value


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """The variables of the page."""
    return {}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory, names: dict[str, Any]) -> Iterator[Outputs]:
    """Every example with what it printed and its value, run in one session in an empty folder."""
    folder = tmp_path_factory.mktemp("session")
    done = []
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setenv("HOME", str(folder))
        for example in examples():
            if example.language == "sh":
                command = [sys.executable, "-m", *shlex.split(example.text)]
                subprocess.run(command, check=True, capture_output=True, timeout=120)
                prepare(folder)
                continue
            done.append((example, *run(example.text, example.line, names)))
        yield done


def test_the_page_has_examples(outputs: Outputs) -> None:
    assert len(outputs) > 15
    assert sum(example.output is not None for example, _, _ in outputs) > 6


def test_outputs_are_those_of_the_page(outputs: Outputs) -> None:
    checker, flags = doctest.OutputChecker(), doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for example, printed, value in outputs:
        if example.output is None:
            continue
        got = printed or (f"{value}\n" if isinstance(value, str) else f"{value!r}\n")
        assert checker.check_output(example.output, got, flags), f"{PAGE}:{example.line}: {got}"


def test_values_can_be_shown(outputs: Outputs) -> None:
    """What a notebook shows is neither empty nor huge."""
    for example, printed, value in outputs:
        if value is None:
            continue
        show: Callable[[], str] | None = getattr(value, "_repr_svg_", None) or getattr(value, "_repr_html_", None)
        shown = show() if show is not None else repr(value)
        assert 0 < len(shown) < 300_000, f"{PAGE}:{example.line}"
        assert getattr(value, "shape", (1,))[0] > 0, f"{PAGE}:{example.line}: {printed}"


def test_last_night_has_alerts(outputs: Outputs, names: dict[str, Any]) -> None:
    assert 0 < len(names["last_night"].alerts) < len(names["result"].alerts)


def test_files_are_written(outputs: Outputs) -> None:
    for name in ("worst.svg", "outcome/incidents.jsonl", "outcome/decisions.jsonl", "outcome/report.json"):
        assert Path(name).stat().st_size > 0


def test_the_tables_are_the_columns_of_the_frames(tables: Callable[[str], list[Any]]) -> None:
    shown = {
        table.heading.strip("`").rpartition(".")[2]: [tuple(row) for row in table.rows] for table in tables("python.md")
    }
    expected = {
        name: [(f"`{column.name}`", DTYPES[column.kind], column.meaning) for column in columns]
        for name, columns in FRAMES.items()
    }
    assert shown == expected


def test_readme_links_to_the_page() -> None:
    assert "(docs/python.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
