"""House rules: each is found where a playbook breaks it, with its place, by lint and by the kit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from aiops.cli.playbooks import playbooks_app
from aiops.respond.draft import draft
from aiops.respond.house_rules import review
from aiops.respond.lint import lint_file
from aiops.testing.playbooks import check_playbook

WHOLE: dict[str, Any] = yaml.safe_load(draft("disk-full", "DiskFull"))


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "disk-full.yaml"
    path.write_text(yaml.safe_dump({**WHOLE, **changes}))
    return path


def found(path: Path, others: tuple[str, ...] = ()) -> dict[str, str]:
    return {finding.path: finding.text for finding in review(path, others) if finding.level == "warning"}


def test_a_draft_keeps_all_rules(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert found(path) == {}
    assert lint_file(path) == []
    check_playbook(path)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"symptoms": []}, "$.symptoms"),
        ({"tags": []}, "$.tags"),
        ({"steps": WHOLE["steps"][:1]}, "$.steps"),
        ({"diagnosis": WHOLE["diagnosis"][:1]}, "$.diagnosis"),
        ({"whenNotToUse": "The disk is slow (use disk-slow)."}, "$.whenNotToUse"),
    ],
)
def test_a_broken_rule_is_found_with_its_place(changes: dict[str, Any], place: str, tmp_path: Path) -> None:
    path = written(tmp_path, **changes)
    assert list(found(path)) == [place]
    with pytest.raises(AssertionError, match="warning"):
        check_playbook(path)


def test_one_step_that_a_run_carries_out_is_enough(tmp_path: Path) -> None:
    call = {"kind": "http", "name": "restart", "url": "https://ops.example/restart"}
    note = [{**step, "note": "Never twice."} for step in WHOLE["diagnosis"]]
    assert found(written(tmp_path, steps=[call], diagnosis=note)) == {}


def test_a_playbook_without_a_note_is_found(tmp_path: Path) -> None:
    parts = {part: [{"kind": "manual", "name": name} for name in ("one", "two")] for part in ("steps", "diagnosis")}
    assert list(found(written(tmp_path, **parts))) == ["$.steps"]


def test_an_open_quotation_is_found_and_a_closed_one_is_not(tmp_path: Path) -> None:
    steps = [
        {"kind": "manual", "name": "open", "run": "echo 'it", "note": "Do not."},
        {"kind": "manual", "name": "closed", "run": "echo 'it is' <what it is> # it's fine"},
    ]
    assert found(written(tmp_path, steps=steps)) == {
        "$.steps[0].run": "a quotation is not closed; a shell would wait for the rest"
    }


def test_a_reference_to_a_playbook_of_the_folder_is_no_finding(tmp_path: Path) -> None:
    path = written(tmp_path, whenNotToUse="The disk is slow (use disk-slow).")
    assert found(path, ("disk-slow",)) == {}


def test_a_file_that_cannot_be_read_has_no_warnings(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("- 1")
    assert review(path, ()) == []


def test_lint_prints_the_rules_and_fails_with_strict_alone(tmp_path: Path) -> None:
    path = written(tmp_path, tags=[])
    plain = CliRunner().invoke(playbooks_app, ["lint", str(path)])
    assert plain.exit_code == 0
    assert "$.tags: is empty" in plain.output
    assert "1 playbook, 0 errors, 1 warning" in plain.output
    assert CliRunner().invoke(playbooks_app, ["lint", "--strict", str(path)]).exit_code == 1
