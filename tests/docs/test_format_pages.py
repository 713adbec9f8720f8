"""docs/playbook-fields.md and docs/records.md name every field of the formats, and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Struct, yaml

from aiops.backtest import Comparison, Report
from aiops.backtest.ledger import Decision
from aiops.engine.events import DISPOSITIONS
from aiops.records import VERBS, Record, Severity, parse_severity
from aiops.records import model as records
from aiops.records.decode import decode
from aiops.records.severity import LEVELS
from aiops.respond.format import Playbook
from aiops.respond.guards import GUARDS
from aiops.respond.lint import lint
from aiops.topology import TopologyFile
from tests.docs import step_tables

Tables = Callable[[str], list[Any]]
Rows = Callable[..., list[Any]]


def structs_of(*roots: Any) -> dict[str, type[Struct]]:
    """All Structs that can be reached from some, by name."""
    found: dict[str, type[Struct]] = {}

    def reach(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, Struct) and get_origin(kind) is None:
            if kind.__name__ not in found:
                found[kind.__name__] = kind
                for hint in get_type_hints(kind, include_extras=False).values():
                    reach(hint)
            return
        for inner in get_args(kind):
            reach(inner)

    for root in roots:
        reach(root)
    return found


PAGES: dict[str, dict[str, type[Struct]]] = {
    "playbook-fields.md": structs_of(Playbook),
    "records.md": {
        name: struct
        for name, struct in structs_of(Union[Record], TopologyFile, Decision, Report, Comparison).items()  # noqa: UP007
        if struct is not TopologyFile
    },
}
PARTS = [(page, name) for page, structs in PAGES.items() for name in structs]


@pytest.mark.parametrize(("page", "name"), PARTS)
def test_every_field_with_its_type_and_default(page: str, name: str, tables: Tables, rows: Rows) -> None:
    [table] = [table for table in tables(page) if table.heading.startswith(f"`{name}`")]
    assert table.reference() == rows(PAGES[page][name], unfold=False)


@pytest.mark.parametrize("page", PAGES)
def test_every_section_is_of_the_format(page: str, tables: Tables) -> None:
    told = [table.heading.split("`")[1] for table in tables(page) if table.header[0] in ("field", "option")]
    assert sorted(told) == sorted(PAGES[page])


@pytest.mark.parametrize("page", PAGES)
def test_every_meaning_is_a_sentence(page: str, tables: Tables) -> None:
    rows = [row for table in tables(page) if table.header[0] in ("field", "option") for row in table.rows]
    short = [row for row in rows if not row[-1].endswith((".", "…"))]
    assert not short, "\n".join(map(str, short))


def test_every_verb_of_an_action(tables: Tables) -> None:
    [table] = [table for table in tables("records.md") if table.header[0] == "verb"]
    assert tuple(row[0].strip("`") for row in table.rows) == VERBS


def test_every_disposition(tables: Tables) -> None:
    [table] = [table for table in tables("records.md") if table.header[0] == "disposition"]
    assert tuple(row[0].strip("`") for row in table.rows) == DISPOSITIONS


def test_every_word_for_a_severity(tables: Tables) -> None:
    [table] = [table for table in tables("records.md") if table.header[0] == "level"]
    assert [row[0].strip("`") for row in table.rows] == [level.label for level in sorted(Severity, reverse=True)]
    told = {word.strip(): level.strip("`") for level, words in table.rows for word in words.split(",")}
    assert told == {word: level.label for word, level in LEVELS.items()}
    assert parse_severity("no such word").label == "warning"


def blocks(page: Path, language: str) -> Iterator[str]:
    for block in page.read_text(encoding="utf-8").split(f"```{language}\n")[1:]:
        yield block.partition("\n```")[0]


def test_the_archive_of_the_page_decodes(root: Path) -> None:
    lines = [line for block in blocks(root / "docs/records.md", "json") for line in block.splitlines()]
    kinds = [type(decode(line.encode())) for line in lines]
    assert kinds == [records.Alert, records.Metric, records.Change, records.Action]


def test_playbooks_of_the_pages_have_no_findings(root: Path) -> None:
    examples = [text for page in sorted((root / "docs").glob("*.md")) for text in blocks(page, "yaml")]
    playbooks = [yaml.decode(text.encode(), type=Playbook) for text in examples if text.startswith("apiVersion")]
    assert playbooks
    assert [(book.name, found) for book in playbooks for found in lint(book)] == []


@pytest.mark.parametrize("page", ["playbooks.md", "playbook-fields.md"])
def test_guards_in_their_order(page: str, root: Path) -> None:
    text = " ".join((root / "docs" / page).read_text(encoding="utf-8").replace("`", "").split())
    # What only the run itself can ask stands between two guards.
    assert ", ".join(name for name, _ in GUARDS) in text.replace(" preconditions,", "")


def test_the_schema_is_of_the_same_fields() -> None:
    schema = msgspec.json.schema(Playbook)["$defs"]["Playbook"]
    assert set(schema["properties"]) == {field.encode_name for field in msgspec.structs.fields(Playbook)}


def test_the_page_is_what_make_docs_writes(root: Path) -> None:
    page = (root / "docs" / "playbook-fields.md").read_text(encoding="utf-8")
    assert step_tables.written(page) == page, "run `make docs`"
