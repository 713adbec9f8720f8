"""`aiops connectors test` and `new` on recorded requests of every transport: records, words, identities, pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from aiops_connectors.workbench.trial import trial
from typer.testing import CliRunner

import aiops.cli.app  # noqa: F401 - registers the commands
from aiops.cli.connectors import connectors_app
from aiops.cli.connectors_trial import Seen, Tried, meetings
from aiops.errors import UsageError
from aiops.records import Alert

FORM = "POST /x HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
FIRES = FORM + "title=%5BDOWN%5D+Shop&host=web-1&priority=P2"
ENDS = FORM + "title=%5BUP%5D+Shop&host=web-1&priority=P2"
GET = "GET /ingest/webhook?title=Shop&state=down&host=web-1 HTTP/1.1\r\nHost: aiops.example.org\r\n\r\n"


def files(folder: Path, *texts: str) -> list[str]:
    names = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.txt"
        path.write_bytes(text.encode())
        names.append(str(path))
    return names


def tried(*arguments: str) -> tuple[int, Any]:
    found = CliRunner().invoke(connectors_app, ["test", *arguments, "--json"], catch_exceptions=False)
    return found.exit_code, json.loads(found.output)


def test_a_pair_over_two_files_meets(tmp_path: Path) -> None:
    code, found = tried(*files(tmp_path, FIRES, ENDS), "-c", "webhook")
    assert code == 0
    assert [record["name"] for record in found["records"]] == ["Shop", "Shop"]
    [pair] = found["pairs"]
    assert (len(pair["fires"]), len(pair["resolves"])) == (1, 1)
    assert found["unmet"] == []


def test_an_end_that_meets_nothing_is_named(tmp_path: Path) -> None:
    fires, ends = files(tmp_path, FIRES, ENDS.replace("web-1", "web-2"))
    code, found = tried(fires, ends, "-c", "webhook")
    assert code == 1
    assert [one["resolves"] for one in found["unmet"]] == [[], [ends]]
    output = CliRunner().invoke(connectors_app, ["test", fires, ends, "-c", "webhook"]).output
    assert "no pair: Shop: the end in" in output
    assert tried(ends, "-c", "webhook")[0] == 0


def test_severity_and_state_are_shown_as_sent_and_on_our_scale(tmp_path: Path) -> None:
    _, found = tried(*files(tmp_path, FIRES), "-c", "webhook")
    [alert] = found["files"][0]["alerts"]
    assert (alert["severity_sent"], alert["severity"]) == ("P2", "high")
    assert (alert["status_sent"], alert["status"]) == ("firing", "firing")
    output = CliRunner().invoke(connectors_app, ["test", *files(tmp_path, FIRES), "-c", "webhook"]).output
    assert "high (sent: P2)" in output


def test_the_identity_states_what_it_is_made_of(tmp_path: Path) -> None:
    keyed = '{"title": "Down", "dedup_key": "k7", "status": "down", "host": "a"}'
    _, found = tried(*files(tmp_path, FIRES, keyed), "-c", "webhook")
    first, second = (one["alerts"][0] for one in found["files"])
    assert first["identity"] == {
        "source": "webhook", "name": "Shop", "entity": "web-1", "service": None, "labels": {}
    }  # fmt: skip
    assert second["identity"] == {"source": "webhook", "key": "k7"}
    assert first["fingerprint"] != second["fingerprint"]


def test_the_head_of_a_get_request_is_read(tmp_path: Path) -> None:
    _, found = tried(*files(tmp_path, GET), "-c", "webhook")
    assert found["files"][0]["method"] == "GET"
    assert found["records"][0]["entity"] == "web-1"


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("title=Shop&state=down", ["--content-type", "application/x-www-form-urlencoded"]),
        ("<alert><title>Shop</title><state>down</state></alert>", ["--content-type", "text/xml"]),
        ("", ["--method", "GET", "--query", "title=Shop&state=down"]),
        ('{"title": "Shop", "state": "down"}', ["--header", "content-type: text/plain"]),
    ],
)
def test_options_state_the_request(tmp_path: Path, body: str, options: list[str]) -> None:
    code, found = tried(*files(tmp_path, body), "-c", "webhook", *options)
    assert code == 0, found
    assert found["records"][0]["name"] == "Shop"


def test_a_zone_is_that_of_times_without_one(tmp_path: Path) -> None:
    body = '{"title": "Shop", "status": "down", "started_at": "2026-03-01T11:00:00"}'
    _, found = tried(*files(tmp_path, body), "-c", "webhook", "--zone", "Europe/Berlin")
    assert found["records"][0]["starts_at"] == 1_772_359_200.0


def test_a_guess_is_a_note_and_no_refusal(tmp_path: Path) -> None:
    code, found = tried(*files(tmp_path, '{"title": "Shop"}'), "-c", "webhook")
    assert code == 0
    assert found["problems"][0]["warning"] is True
    assert tried(*files(tmp_path, '{"x": 1}'), "-c", "webhook")[0] == 1


def test_a_draft_is_made_of_requests_of_any_transport(tmp_path: Path) -> None:
    fires, ends = files(tmp_path, FIRES, ENDS)
    arguments = ["new", "acme", "--sample", fires, "--sample", ends, "--mappings", str(tmp_path)]
    found = CliRunner().invoke(connectors_app, arguments)
    assert found.exit_code == 0, found.output
    assert "check: key: no id was found" in found.output
    assert tried(fires, ends, "-c", str(tmp_path / "acme.yaml"))[1]["pairs"]
    mapping = (tmp_path / "acme.yaml").read_text()
    assert mapping.startswith("# yaml-language-server: $schema=mapping.schema.json\n")
    schema = json.loads((tmp_path / "mapping.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(mapping), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**yaml.safe_load(mapping), "rules": [{"nmae": "x"}]}, schema)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PROBLEM: Disk full on db-1\n97 %\n", "subject_state"),
        ("<event id='7'><title>Down</title><state>open</state></event>", "event"),
        ("GET /x?monitor_name=Shop&status=down HTTP/1.1\r\n\r\n", "monitor_name"),
    ],
)
def test_a_draft_of_text_xml_and_a_query(tmp_path: Path, text: str, expected: str) -> None:
    [file] = files(tmp_path, text)
    found = CliRunner().invoke(connectors_app, ["new", "acme", "--sample", file, "--mappings", str(tmp_path)])
    assert found.exit_code == 0, (found.output, found.exception)
    assert expected in (tmp_path / "acme.yaml").read_text()


def test_the_schema_of_mappings_is_printed_without_a_name() -> None:
    found = CliRunner().invoke(connectors_app, ["schema"])
    assert json.loads(found.output)["$ref"].endswith("MappingFile")


def test_a_sample_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    [file] = files(tmp_path, '{"a": ')
    found = CliRunner().invoke(connectors_app, ["new", "acme", "--sample", file, "--mappings", str(tmp_path)])
    assert isinstance(found.exception, UsageError)
    assert "sample 0: expected JSON" in str(found.exception)


def test_meetings_of_files_by_fingerprint() -> None:
    def one(file: str, status: str) -> Tried:
        seen = Seen(0, status, "high", None, None, "f", {})
        return Tried(file, "POST", "", [Alert(ts=1.0, name="Down")], [seen])

    [pair] = meetings([one("a", "firing"), one("b", "resolved"), one("c", "firing")])
    assert (pair.name, pair.fires, pair.resolves) == ("Down", ["a", "c"], ["b"])


def test_a_trial_of_a_connector_without_a_mapping_has_the_words_of_its_alerts() -> None:
    body = b'{"kind": "alert", "ts": 1772400000, "name": "Down", "severity": "P1"}'
    found = trial("archive", body, {}, 1_772_400_000.0)
    assert [(one.severity, one.status) for one in found.sent] == [("P1", "firing")]
    pushed = trial("prometheus", b'[{"labels": {"alertname": "Down", "severity": "page"}}]', {}, 1_772_400_000.0)
    assert len(pushed.sent) == len(pushed.records) == 1


def test_a_severity_that_is_no_known_word_is_noted(tmp_path: Path) -> None:
    purple = FORM + "title=Shop+is+slow&host=web-1&severity=purple%3Cb%3E"
    code, found = tried(*files(tmp_path, purple, FIRES), "-c", "webhook")
    assert code == 0
    notes = [one for one in found["problems"] if "severity" in one["reason"]]
    assert [(one["warning"], one["place"]) for one in notes] == [(True, "record 0")]
    assert notes[0]["reason"].startswith("unknown severity 'purple<b>' counts as warning; add it to a table")
    output = CliRunner().invoke(connectors_app, ["test", *files(tmp_path, purple), "-c", "webhook"]).output
    assert "note record 0: unknown severity 'purple<b>'" in output
