"""`aiops connectors`: the list is whole, and a payload is shown as what it becomes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from aiops_connectors.mapping.mapping import names
from typer.testing import CliRunner

import aiops.cli.app  # noqa: F401 - registers the commands
from aiops.cli.configuration import config_app
from aiops.cli.connectors import connectors_app
from aiops.errors import UsageError
from aiops.http.auth import token_hash

GROUP = {"alerts": [{"labels": {"alertname": "Down", "host": "w1", "severity": "critical"}, "status": "firing"}]}


def write(tmp_path: Path, value: object) -> str:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(value))
    return str(file)


def test_the_list_holds_every_mapping_source_and_sink() -> None:
    found = CliRunner().invoke(connectors_app, ["list", "--json"])
    assert found.exit_code == 0, found.output
    listed = json.loads(found.output)
    assert set(names()) | {"archive", "prometheus"} == {one["name"] for one in listed["connectors"]}
    assert {"http", "file", "kafka"} <= set(listed["sources"])
    assert "alertmanager" in CliRunner().invoke(connectors_app, ["list"]).output


def test_the_list_names_the_options_that_must_be_given() -> None:
    lines = CliRunner().invoke(connectors_app, ["list"], env={"COLUMNS": "200"}).output.splitlines()
    assert any(line.split()[:4] == ["sink", "pagerduty", "routing_key_env", "Send"] for line in lines)


def test_the_schema_of_a_sink_shows_each_option_with_its_meaning() -> None:
    found = CliRunner().invoke(connectors_app, ["schema", "teams"], env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    assert "required  The environment variable with the workflow's URL" in found.output
    schema = json.loads(CliRunner().invoke(connectors_app, ["schema", "kafka", "--json"]).output)
    assert set(schema) == {"source", "sink"}
    assert "topic" in schema["sink"]["$defs"]["KafkaSinkOptions"]["required"]


def test_the_schema_of_a_mapping_file_is_json_schema() -> None:
    schema = json.loads(CliRunner().invoke(connectors_app, ["schema", "mapping"]).output)
    assert {"name", "summary", "rules"} <= set(schema["$defs"]["MappingFile"]["properties"])


def test_the_schema_of_an_unknown_plugin_is_refused_with_the_known_ones() -> None:
    found = CliRunner().invoke(connectors_app, ["schema", "nothing"])
    assert isinstance(found.exception, UsageError)
    assert "use alertmanager, chat, email, file, http" in str(found.exception)


def test_config_keys_ends_with_the_options_of_plugins() -> None:
    output = CliRunner().invoke(config_app, ["keys"]).output
    assert 'sources[].options.topics  list of text, default []  (type = "kafka")' in output
    assert 'endpoints[].options.url_env  text, required  (type = "teams")' in output
    assert "correlate.sensitivity  number, > 0, < 1, default 0.5" in output


def test_a_payload_is_shown_as_what_it_becomes(tmp_path: Path) -> None:
    found = CliRunner().invoke(connectors_app, ["test", write(tmp_path, GROUP), "--connector", "alertmanager"])
    assert found.exit_code == 0, found.output
    assert "Down" in found.output
    assert "1 taken, 0 refused" in found.output


def test_refusals_are_shown_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path, {"alerts": [*GROUP["alerts"], 7]})
    found = CliRunner().invoke(connectors_app, ["test", file, "-c", "alertmanager", "--json"])
    assert found.exit_code == 1
    shown = json.loads(found.output)
    assert [record["name"] for record in shown["records"]] == ["Down"]
    assert shown["problems"][0]["place"] == "$.alerts[1]"


def test_headers_reach_the_mapping(tmp_path: Path) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "disk.full"}
    options = [part for name, value in headers.items() for part in ("--header", f"{name}={value}")]
    found = CliRunner().invoke(connectors_app, ["test", write(tmp_path, {}), "-c", "cloudevents", "--json", *options])
    assert json.loads(found.output)["records"][0]["name"] == "disk.full"


def test_a_token_and_its_hash_belong_together() -> None:
    """What follows the token is a section of the configuration, as it stands."""
    first, _, section = CliRunner().invoke(connectors_app, ["token"]).output.partition("\n\n")
    [made] = tomllib.loads(section)["http"]["options"]["tokens"]
    assert made == {"name": "NAME", "scopes": ["ingest"], "sha256": token_hash(first.split()[1])}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json", "-c", "alertmanager"], "nowhere.json"),
        (["-", "-c", "nothing"], "alertmanager"),
        (["-", "-c", "nowhere.yaml"], "nowhere.yaml"),
        (["-", "-c", "archive", "--header", "x"], "NAME=VALUE"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], said: str) -> None:
    found = CliRunner().invoke(connectors_app, ["test", *arguments], input="{}")
    assert isinstance(found.exception, UsageError)
    assert said in str(found.exception)
