"""The playbook format is strict, and its errors say where and what."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from aiops.respond.catalogue import PlaybookError, read_playbook
from aiops.respond.format import schema
from aiops.respond.lint import lint_file
from tests.respond.sample_file import GOOD, write


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert lint_file(write(tmp_path, GOOD)) == []


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
        ("version: 1.0.0", "version: 1.0.0\nmode: auto", "$.mode", "it is not declared reversible"),
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
    found = lint_file(write(tmp_path, GOOD.replace(old, new, 1)))
    assert any(finding.path == place and text in finding.text and finding.level == "error" for finding in found), found


def test_the_schema_says_what_the_decoder_says(tmp_path: Path) -> None:
    checker = jsonschema.Draft202012Validator(schema())
    good = yaml.safe_load(GOOD)
    assert list(checker.iter_errors(good)) == []
    for broken in ({**good, "nmae": 1}, {**good, "version": "x"}, {k: v for k, v in good.items() if k != "match"}):
        assert list(checker.iter_errors(broken))
        with pytest.raises(PlaybookError):
            read_playbook(write(tmp_path, yaml.safe_dump(broken)))


def test_conditions_may_be_written_as_text(tmp_path: Path) -> None:
    match = """match:
  alert: ['alertname=~"Node.*", "host.name"!=web', {label: env, value: prod}]
  anyAlert: [['severity=critical'], [{label: name, value: A}, "team=data base"]]
  noAlert: [['a=b']]
"""
    text = GOOD.replace("match: {alert: [{label: name, value: A}]}\n", match)
    found = read_playbook(write(tmp_path, text)).match
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
        read_playbook(write(tmp_path, GOOD.replace("{alert: [{label: name, value: A}]}", old)))
