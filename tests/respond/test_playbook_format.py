"""The playbook format is strict, and its errors say where and what."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from aiops.respond.catalogue import MAX_FILE_BYTES, PlaybookError, read_catalogue, read_playbook, usable
from aiops.respond.durations import seconds
from aiops.respond.format import schema
from aiops.respond.lint import lint_file

GOOD = """
apiVersion: aiops/v1
kind: Playbook
name: sample
version: 1.0.0
summary: Something for a test.
whenToUse: In tests.
whenNotToUse: Elsewhere.
match: {alert: [{label: name, value: A}]}
parameters:
  host: {from: [alert.entity], pattern: "[a-z]{1,9}"}
diagnosis: [{kind: manual, name: look, run: "df -h {{ host }}"}]
steps: [{kind: manual, name: do}]
verify: [{kind: alert-resolved}]
tests:
  - {name: fits, incident: {alerts: [{name: A, entity: web}]}, expect: {decision: suggest}}
  - {name: does not, incident: {alerts: [{name: B, entity: web}]}, expect: {decision: none}}
"""


def _write(folder: Path, text: str, name: str = "sample.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert lint_file(_write(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        ("summary:", "sumary:", "$", "unknown field `sumary`"),
        ("{kind: manual, name: do}", "{kind: shell, name: do}", "$.steps[0].kind", "'shell'"),
        (
            "{kind: manual, name: do}",
            "{kind: http, name: do, url: 'https://x', timeout: soon}",
            "$.steps[0].timeout",
            "regex",
        ),
        ("{kind: manual, name: do}", "{kind: http, name: do, url: 'https://{{ host }}/'}", "$.steps[0].url", "regex"),
        ("name: sample", "name: other", "$.name", "expected the file's name"),
        ("version: 1.0.0", "version: one", "$.version", "regex"),
        ("version: 1.0.0", "version: 1.0.0\nmode: auto", "$.mode", "auto, which is refused"),
        ("label: name, value: A", "label: name, op: '=~', value: '(?=a)'", "$.match", "RE2"),
        ("label: name, value: A", "label: name, op: '=~', value: '('", "$.match", "regular expression"),
        ("{{ host }}", "{{ nobody }}", "$.parameters", "not declared"),
        ("df -h {{ host }}", "echo '{{ host }}'", "$.diagnosis[0].run", "inside quotes"),
        ("decision: none", "decision: suggest", "$.tests", "decision none"),
        ("match: {alert: [{label: name, value: A}]}", "match: {}", "$.match", "would fit every incident"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, old: str, new: str, place: str, text: str) -> None:
    assert old in GOOD
    found = lint_file(_write(tmp_path, GOOD.replace(old, new, 1)))
    assert any(finding.path == place and text in finding.text and finding.level == "error" for finding in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x\n", "aliases are not allowed"),
        (GOOD + "\nname: again\n", "appears twice"),
        ("a: [", "expected YAML"),
        ("- 1\n", "expected `object`"),
        ("x" * (MAX_FILE_BYTES + 1), "at most"),
        ("[" * 5000, ""),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlaybookError, match=r"sample\.yaml") as caught:
        read_playbook(_write(tmp_path, text))
    assert message.lower() in str(caught.value).lower()


def test_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlaybookError, match="UTF-8"):
        read_playbook(path)


def test_auto_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = _write(tmp_path, GOOD.replace("version: 1.0.0", "version: 1.0.0\nmode: auto"))
    with pytest.raises(PlaybookError, match="expected suggest or approve; got auto, which is refused"):
        usable(read_playbook(path), path)


def test_a_bad_file_does_not_take_the_good_ones_with_it(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    _write(tmp_path, "nonsense", "bad.yaml")
    _write(tmp_path, GOOD, "twin.yaml")
    catalogue = read_catalogue([tmp_path, tmp_path / "nowhere"])
    assert list(catalogue.playbooks) == ["sample"]
    assert len(catalogue.problems) == 3


def test_the_schema_says_what_the_decoder_says(tmp_path: Path) -> None:
    checker = jsonschema.Draft202012Validator(schema())
    good = yaml.safe_load(GOOD)
    assert list(checker.iter_errors(good)) == []
    for broken in ({**good, "nmae": 1}, {**good, "version": "x"}, {k: v for k, v in good.items() if k != "match"}):
        assert list(checker.iter_errors(broken))
        with pytest.raises(PlaybookError):
            read_playbook(_write(tmp_path, yaml.safe_dump(broken)))


def test_conditions_may_be_written_as_text(tmp_path: Path) -> None:
    match = """match:
  alert: ['alertname=~"Node.*", "host.name"!=web', {label: env, value: prod}]
  anyAlert: [['severity=critical'], [{label: name, value: A}, "team=data base"]]
  noAlert: [['a=b']]
"""
    text = GOOD.replace("match: {alert: [{label: name, value: A}]}\n", match)
    found = read_playbook(_write(tmp_path, text)).match
    assert [(one.label, one.op, one.value) for one in found.alert] == [
        ("alertname", "=~", "Node.*"),
        ("host.name", "!=", "web"),
        ("env", "=", "prod"),
    ]
    assert [[one.label for one in group] for group in found.any_alert] == [["severity"], ["name", "team"]]
    assert found.no_alert[0][0].value == "b"
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    ("old", "place"),
    [
        ("{alert: ['a=\"b']}", r"\$\.match\.alert\[0\]: .*closing"),
        ("{alert: ['a=b', '=c']}", r"\$\.match\.alert\[1\]: .*a label"),
        ("{anyAlert: [['a=b'], ['a=~(']]}", r"\$\.match\.anyAlert\[1\]\[0\]: .*RE2"),
        ("{anyAlert: ['a=b']}", r"\$\.match\.anyAlert\[0\]"),
        ("{alert: 'a=b'}", r"\$\.match\.alert"),
    ],
)
def test_condition_that_is_no_matcher_is_told_with_its_place(tmp_path: Path, old: str, place: str) -> None:
    with pytest.raises(PlaybookError, match=place):
        read_playbook(_write(tmp_path, GOOD.replace("{alert: [{label: name, value: A}]}", old)))


def test_durations() -> None:
    assert [seconds(text) for text in ("500ms", "90s", "15m", "2h", "7d")] == [0.5, 90, 900, 7200, 604800]
