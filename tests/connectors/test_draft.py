"""A drafted mapping passes its own checks, shows what it guessed, and assumes no state silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.workbench.draft import draft
from aiops_connectors.workbench.samples import NOW, check_hostile, check_samples
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from aiops.cli.connectors import connectors_app
from aiops.errors import UsageError

FIRING: dict[str, Any] = {
    "alertName": "Disk full",
    "state": "alarmiert",
    "priority": "P1",
    "alertId": "77",
    "resource": {"hostname": "db-1", "zone.id": "z"},
    "startedAt": "2026-03-01T10:00:00Z",
    "permalink": "https://acme.example/77",
    "tags": ["team:storage"],
}
RESOLVED = {**FIRING, "state": "resolved", "endedAt": "2026-03-01T10:20:00Z"}


def written(tmp_path: Path, *payloads: Any) -> tuple[Path, Path, list[str]]:
    made = draft("acme", payloads)
    mapping, samples = tmp_path / "acme.yaml", tmp_path / "acme.samples.yaml"
    mapping.write_text(made.mapping, encoding="utf-8")
    samples.write_text(made.samples, encoding="utf-8")
    return mapping, samples, made.checks


def test_the_fields_are_found_by_their_names(tmp_path: Path) -> None:
    mapping, _, _ = written(tmp_path, FIRING)
    (alert,), problems = load_mapping(mapping).apply(FIRING, {}, None, NOW)
    assert not problems
    assert (alert.name, alert.entity, alert.severity, alert.key) == ("Disk full", "db-1", "critical", "77")  # type: ignore[union-attr]
    assert (alert.url, alert.labels) == ("https://acme.example/77", {"team": "storage"})  # type: ignore[union-attr]


def test_firing_and_resolved_become_a_pair(tmp_path: Path) -> None:
    mapping, samples, checks = written(tmp_path, FIRING, RESOLVED)
    assert check_samples(mapping, samples) == []
    assert samples.read_text().count("pair: a") == 2
    assert not any("pair" in check for check in checks)


def test_an_unknown_word_for_a_state_is_marked_and_never_assumed_silently(tmp_path: Path) -> None:
    mapping, _, checks = written(tmp_path, FIRING)
    assert '"alarmiert": firing  # CHECK: an unknown word' in mapping.read_text()
    assert 'status: the meaning of "alarmiert" is not known; firing was assumed' in checks


def test_a_list_of_alerts_is_taken_one_by_one(tmp_path: Path) -> None:
    mapping, samples, _ = written(tmp_path, {"receiver": "x", "alerts": [FIRING, {**FIRING, "alertId": "78"}]})
    assert "    items: alerts" in mapping.read_text()
    assert samples.read_text().count("name: Disk full") == 2
    assert check_samples(mapping, samples) == []


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    _, _, checks = written(tmp_path, {"title": "Disk full"})
    assert [check.partition(":")[0] for check in checks] == ["key", "status", "severity", "ts", "entity", "sample"]


@pytest.mark.parametrize("payload", [{}, [], 7, {"title": None}, {"title": {"a": {"b": {"c": {"d": "e"}}}}}])
def test_a_payload_without_any_value_is_refused(payload: Any) -> None:
    with pytest.raises(UsageError, match="sample: "):
        draft("acme", [payload])


KEYS = st.sampled_from(
    ["title", "state", "severity", "host", "id", "on", "a.b", 'q"', "x[0]", "@y", "labels", "time", "é"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(
    payload=st.dictionaries(KEYS, VALUES, max_size=8),
    name=st.text("ab\n:#'\" %{}é\u202e", min_size=1).filter(str.strip),
)
def test_any_payload_with_a_title_gives_a_mapping_that_passes(
    payload: dict[str, Any], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mapping, samples, _ = written(tmp_path_factory.mktemp("draft"), {**payload, "title": name})
    assert check_samples(mapping, samples) == []
    assert check_hostile(mapping) == []


def run(*arguments: object) -> Result:
    return CliRunner().invoke(connectors_app, ["new", *map(str, arguments)])


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(FIRING))
    return file


def test_the_command_writes_two_files_that_pass(sample: Path, tmp_path: Path) -> None:
    done = run("acme", "--sample", sample, "--mappings", tmp_path / "m", "--samples", tmp_path / "s")
    assert done.exit_code == 0, done.output
    checked = CliRunner().invoke(
        connectors_app, ["check", str(tmp_path / "m/acme.yaml"), str(tmp_path / "s/acme.yaml")]
    )
    assert checked.exit_code == 0, checked.output


def test_check_shows_what_a_sample_becomes_instead(sample: Path, tmp_path: Path) -> None:
    run("acme", "--sample", sample, "--mappings", tmp_path)
    samples = tmp_path / "acme.samples.yaml"
    samples.write_text(samples.read_text().replace("name: Disk full", "name: Disk empty"))
    done = CliRunner().invoke(connectors_app, ["check", str(tmp_path / "acme.yaml"), str(samples)])
    assert done.exit_code == 1
    assert "sample 0: name of 'Disk full': 'Disk empty' expected, got 'Disk full'" in done.output


def test_nothing_is_overwritten_without_force(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "acme.samples.yaml").write_text("mine")
    done = run("acme", "--sample", sample, "--mappings", tmp_path)
    assert isinstance(done.exception, UsageError)
    assert "exists already" in str(done.exception)
    assert not (tmp_path / "acme.yaml").exists()
    assert (tmp_path / "acme.samples.yaml").read_text() == "mine"
    assert run("acme", "--sample", sample, "--mappings", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "acme.samples.yaml").read_text() != "mine"


def test_a_link_is_replaced_and_not_followed(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "acme.yaml").symlink_to(tmp_path / "target")
    assert isinstance(run("acme", "--sample", sample, "--mappings", tmp_path).exception, UsageError)
    assert run("acme", "--sample", sample, "--mappings", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "target").read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "A", "a b", "", "a\n", "x" * 65, "..", "a-b", "é", "a__b"])
def test_a_name_that_is_no_plain_name_is_refused(name: str, sample: Path, tmp_path: Path) -> None:
    done = run("--sample", sample, "--mappings", tmp_path / "m", "--", name)
    assert isinstance(done.exception, UsageError)
    assert "not the name of a mapping" in str(done.exception)
    assert not (tmp_path / "m").exists()


def test_a_sample_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text("{")
    assert "expected JSON" in str(run("acme", "--sample", file).exception)


@pytest.mark.parametrize("name", ["on", "off", "yes", "no", "null", "true"])
def test_a_name_that_yaml_reads_as_something_else_is_quoted(name: str, tmp_path: Path) -> None:
    mapping = tmp_path / f"{name}.yaml"
    mapping.write_text(draft(name, [FIRING]).mapping, encoding="utf-8")
    assert load_mapping(mapping).name == name
