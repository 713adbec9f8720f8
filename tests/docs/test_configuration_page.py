"""docs/configuration.md has every key of the configuration and every option of the plugins that ship, and no other."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiops_connectors.alertmanager import AlertmanagerOptions
from aiops_connectors.file import FileOptions
from aiops_connectors.http.options import HttpOptions
from aiops_connectors.jsm import JsmOptions
from aiops_connectors.kafka.connection import Connection
from aiops_connectors.kafka.options import KafkaOptions
from aiops_connectors.kafka.sink import KafkaSinkOptions
from aiops_connectors.pagerduty import PagerDutyOptions
from aiops_connectors.sinks.options import HttpOptions as SinkHttpOptions
from aiops_connectors.slack import SlackOptions
from aiops_connectors.teams import TeamsOptions
from aiops_connectors.webhook import WebhookOptions
from msgspec import Struct

from aiops import registry
from aiops.config import Config, check
from aiops.errors import UsageError
from aiops.topology import Topology

PAGE = "configuration.md"
Options = tuple[type[Struct], type[Struct] | None]
SOURCES: dict[str, Options] = {"kafka": (KafkaOptions, Connection), "http": (HttpOptions, None)}
SOURCES["file"] = (FileOptions, None)
SINKS: dict[str, Options] = {
    "webhook": (WebhookOptions, SinkHttpOptions),
    "pagerduty": (PagerDutyOptions, SinkHttpOptions),
    "jsm": (JsmOptions, SinkHttpOptions),
    "slack": (SlackOptions, SinkHttpOptions),
    "teams": (TeamsOptions, SinkHttpOptions),
    "alertmanager": (AlertmanagerOptions, SinkHttpOptions),
    "kafka": (KafkaSinkOptions, Connection),
}
SECTIONS: dict[str, Options] = {
    "Every Kafka connection": (Connection, None),
    "Every sink over HTTP": (SinkHttpOptions, None),
    **{f"Source `{name}`": options for name, options in SOURCES.items()},
    **{f"Sink `{name}`": options for name, options in SINKS.items()},
}
Tables = Callable[[str], list[Any]]
Rows = Callable[..., list[Any]]


def test_every_key_with_its_type_and_default(tables: Tables, rows: Rows) -> None:
    documented = [row for table in tables(PAGE) if table.header[0] == "key" for row in table.reference()]
    assert sorted(documented) == sorted(rows(Config))


def test_every_plugin_that_ships_has_a_section() -> None:
    assert sorted(SOURCES) == registry.names("aiops.sources")
    assert sorted(SINKS) == registry.names("aiops.sinks")


def test_every_section_is_of_a_plugin_that_ships(tables: Tables) -> None:
    assert {table.heading for table in tables(PAGE) if table.header[0] == "option"} == set(SECTIONS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_option_with_its_type_and_default(heading: str, tables: Tables, rows: Rows) -> None:
    struct, base = SECTIONS[heading]
    [table] = [table for table in tables(PAGE) if table.heading == heading]
    assert sorted(table.reference()) == sorted(rows(struct, base=base))


def test_every_meaning_is_a_sentence(tables: Tables) -> None:
    short = [row[0] for table in tables(PAGE) for row in table.rows if not row[-1].endswith((".", ".)"))]
    assert not short, "\n".join(map(str, short))


def test_every_option_of_a_model_is_read(tables: Tables, tmp_path: Path) -> None:
    """A model that reads an option refuses a path that leads nowhere, or names it among its problems."""
    [table] = [table for table in tables(PAGE) if table.header[0] == "model"]
    ignored = []
    for name, option, kind, _ in table.rows:
        value = str(tmp_path / "absent")
        factory = registry.load("aiops.models", name.strip("`"))
        try:
            made = factory(Topology(), {option.strip("`"): [value] if kind.startswith("list") else value})
        except UsageError:
            continue
        if not any(value in problem for problem in getattr(made, "problems", ())):
            ignored.append((name, option))
    assert not ignored, "\n".join(map(str, ignored))


def test_examples_are_configurations(root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    blocks = [block for page in pages for block in page.read_text().split("```toml\n")[1:]]
    examples = [tomllib.loads(block.partition("\n```")[0]) for block in blocks]
    ours = [example for example in examples if "project" not in example]
    assert len(ours) >= 2
    for example in ours:
        check(msgspec.convert(example, Config), "example")
