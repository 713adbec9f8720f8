"""`aiops playbooks new` writes a playbook that passes its checks, for any name of an alert, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from aiops.cli.playbooks import playbooks_app
from aiops.errors import UsageError
from aiops.respond.draft import draft
from aiops.testing.playbooks import check_playbook


def run(*arguments: object) -> Result:
    return CliRunner().invoke(playbooks_app, ["new", *map(str, arguments)])


@given(
    name=st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True),
    alert=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200),
)
def test_any_draft_passes_its_checks(name: str, alert: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("draft") / f"{name}.yaml"
    path.write_text(draft(name, alert), encoding="utf-8")
    check_playbook(path)


def test_the_command_writes_a_file_that_passes(tmp_path: Path) -> None:
    done = run("disk-full", "--alert", "HostDiskFull: {{ x }} '\"", "--into", tmp_path / "new")
    assert done.exit_code == 0, done.output
    check_playbook(tmp_path / "new" / "disk-full.yaml")


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    path = tmp_path / "disk-full.yaml"
    path.write_text("mine")
    assert "exists already" in str(run("disk-full", "--into", tmp_path).exception)
    assert path.read_text() == "mine"
    assert run("disk-full", "--into", tmp_path, "--force").exit_code == 0
    check_playbook(path)


@pytest.mark.parametrize("name", ["../x", "a/b", "A", "", "a b", "-a", "a-", "a--b", "a_b", "x" * 65, "a\n"])
def test_a_name_that_is_no_plain_name_is_refused(name: str, tmp_path: Path) -> None:
    done = run("--into", tmp_path / "new", "--", name)
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("alert", ["", "a\nb", "x" * 201, "\x1b[2J"])
def test_an_alert_that_is_no_name_is_refused(alert: str, tmp_path: Path) -> None:
    done = run("disk-full", "--alert", alert, "--into", tmp_path / "new")
    assert isinstance(done.exception, UsageError)
    assert "--alert" in str(done.exception)


@pytest.mark.parametrize("name", ["null", "true", "on", "off", "yes", "no", "0", "1e3", "0x1f", "2026-03-01"])
def test_a_name_that_yaml_reads_as_something_else_is_quoted(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(draft(name, "DiskFull"), encoding="utf-8")
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["name"] == name
