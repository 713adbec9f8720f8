"""Files of alerting rules: what is read, what is left out, and that hostile files do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.respond.alert_rules import MAX_FILE_BYTES, MAX_TEXT, read_rules

RULES = """
groups:
  - name: disk
    rules:
      - record: disk:free
        expr: disk_free
      - alert: DiskFull
        expr: disk:free < 1
        labels: {severity: page}
        annotations:
          summary: "{{ $labels.instance }} is full"
          description: Nothing can be written.
          runbook_url: https://runbooks.example/disk
"""


def test_rules_have_words_expression_and_link(tmp_path: Path) -> None:
    (tmp_path / "disk.yaml").write_text(RULES)
    [rule], problems = read_rules([tmp_path])
    assert problems == []
    assert (rule.name, rule.expression, rule.link) == ("DiskFull", "disk:free < 1", "https://runbooks.example/disk")
    assert rule.text.split() == ["is", "full", "Nothing", "can", "be", "written."]


def test_manifests_of_the_operator_and_folders_are_read(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    inside = "\n".join(f"  {line}" for line in RULES.splitlines())
    (tmp_path / "team" / "disk.yml").write_text(f"kind: PrometheusRule\nspec:\n{inside}\n")
    (tmp_path / "notes.txt").write_text("no rules")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "team" / "disk.yml")
    assert [rule.name for rule in read_rules([tmp_path])[0]] == ["DiskFull"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "groups: 3", "groups: [3]", "groups: [{rules: {alert: x}}]", "groups: [{rules: [{alert: [x]}]}]", "3"],
)
def test_any_other_shape_has_no_rules(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert read_rules([tmp_path]) == ([], [])


def test_fields_of_other_types_are_absent(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "groups: [{rules: [{alert: A, expr: 3, annotations: {summary: [1], runbook: 7}, labels: x}]}]"
    )
    [rule], _ = read_rules([tmp_path / "a.yaml"])
    assert (rule.expression, rule.text, rule.link) == ("", "", "")


@pytest.mark.parametrize("text", ["a: [", "a: &x 1\nb: *x", "[" * 500, "#" * (MAX_FILE_BYTES + 1)])
def test_unusable_files_are_reported_and_the_others_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(RULES)
    rules, problems = read_rules([tmp_path])
    assert [rule.name for rule in rules] == ["DiskFull"]
    assert len(problems) == 1
    assert "a.yaml" in problems[0]


def test_texts_are_bounded_and_a_missing_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"groups: [{{rules: [{{alert: A, expr: '{'x' * 9_000}'}}]}}]")
    assert len(read_rules([tmp_path])[0][0].expression) == MAX_TEXT
    with pytest.raises(UsageError, match="expected a file of alerting rules or a folder"):
        read_rules([tmp_path / "none"])
