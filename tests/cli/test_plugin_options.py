"""Options of installed plugins, for tables, schemas and keys."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from aiops.cli.plugin_options import keys, required, schemas, show, structs_of
from aiops.errors import UsageError


def test_source_and_sink_of_one_name_are_told_apart() -> None:
    assert set(structs_of("kafka")) == {"source", "sink"}
    assert set(structs_of("webhook")) == {"sink"}
    with pytest.raises(UsageError, match=r"no source or sink 'gone'.*kafka"):
        structs_of("gone")


def test_schema_is_json_and_names_each_option() -> None:
    found = schemas(structs_of("kafka"))
    text = json.dumps(found)
    assert "bootstrap_servers" in text
    assert schemas({"sink": None}) == {"sink": None}


def test_what_must_be_given_is_named() -> None:
    assert "bootstrap_servers" in required(structs_of("kafka")["source"])
    assert required(None) == []


def test_table_has_a_line_for_each_option() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=200, color_system=None)
    show(console, "kafka", "source", structs_of("kafka")["source"])
    show(console, "kafka", "sink", None)
    text = stream.getvalue()
    assert "bootstrap_servers" in text
    assert "declares no options" in text


def test_keys_are_those_of_the_configuration_with_their_plugin() -> None:
    found = list(keys())
    names = [option.name for _, option in found]
    assert "sources[].options.bootstrap_servers" in names
    assert any(name.startswith("endpoints[].options.") for name in names)
    assert {condition.split(" = ")[0] for condition, _ in found} <= {"type", "use"}
