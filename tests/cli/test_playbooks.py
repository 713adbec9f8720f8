"""`aiops playbooks`: output, JSON and exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from aiops.cli.errors import errors_as_lines
from aiops.cli.playbooks import playbooks_app
from aiops.respond.audit import Trail
from aiops.respond.catalogue import shipped


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code: Any = 0
    try:
        with errors_as_lines():
            playbooks_app([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code or 0
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "books"
    made.mkdir()
    for name in ("host-disk-full", "pod-crash-loop"):
        shutil.copy(shipped() / f"{name}.yaml", made)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    alert = {
        "kind": "alert",
        "ts": 1.7e9,
        "id": "a",
        "name": "KubePodCrashLooping",
        "entity": "cart-1",
        "severity": "high",
    }
    alert["labels"] = {"namespace": "shop", "pod": "cart-1"}
    incident = {"kind": "incident", "id": "one", "opened_at": 1.7e9, "alerts": ["a"], "causes": [{"entity": "cart-1"}]}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(alert) + "\n" + json.dumps(incident) + "\n")
    return path


def test_list(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = _run(capsys, "list", str(folder))
    assert code == 0
    assert "host-disk-full" in out
    code, out, _ = _run(capsys, "list", "--json")
    assert code == 0
    assert len(json.loads(out)) >= 40


def test_lint_and_test_pass_on_the_shipped_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "lint", "--strict")[0] == 0
    code, out, _ = _run(capsys, "test")
    assert code == 0
    assert "0 failed" in out


def test_lint_fails_with_file_and_path(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    path = folder / "host-disk-full.yaml"
    path.write_text(path.read_text().replace("summary:", "sumary:"))
    code, out, _ = _run(capsys, "lint", str(folder))
    assert code == 1
    assert "host-disk-full.yaml: $: object contains unknown field `sumary`" in out
    code, out, _ = _run(capsys, "lint", str(folder), "--json")
    assert code == 1
    assert json.loads(out)[0]["level"] == "error"


def test_two_of_one_name_are_found(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = _run(capsys, "lint", str(folder), str(shipped() / "host-disk-full.yaml"))
    assert code == 1
    assert "is already in" in out


def test_a_failing_test_says_what_was_expected(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    path = folder / "host-disk-full.yaml"
    path.write_text(path.read_text().replace("shows: [df -hT /var]", "shows: [rm -rf /var]"))
    code, out, _ = _run(capsys, "test", str(folder))
    assert code == 1
    assert "expected the command 'rm -rf /var'" in out


@pytest.mark.parametrize(
    "words", [("list", "nowhere"), ("lint", "nowhere"), ("explain", "nowhere.jsonl"), ("nonsense",), ("explain",)]
)
def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert _run(capsys, *words)[0] == 2


def test_explain_shows_reasons_and_filled_commands(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, _ = _run(capsys, "explain", str(archive))
    assert code == 0
    assert "pod-crash-loop" in out
    assert "kubectl -n shop describe pod cart-1" in out
    assert "Do not use:" in out


def test_explain_says_why_a_playbook_does_not_fit(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, _ = _run(capsys, "explain", str(archive), "--playbook", "host-disk-full")
    assert code == 0
    assert "does not fit: no alert of the incident fits its matchers" in " ".join(out.split())
    code, _, err = _run(capsys, "explain", str(archive), "--playbook", "nope")
    assert code == 2
    assert "nope" in err


def test_explain_json(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, _ = _run(capsys, "explain", str(archive), "--json")
    plain = json.loads(out)
    assert code == 0
    assert plain["suggestions"][0]["name"] == "pod-crash-loop"
    assert plain["explanations"][0]["fits"] is True


def test_explain_asks_which_incident(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    line = json.dumps({"kind": "incident", "id": "two", "alerts": ["a"]})
    archive.write_text(archive.read_text() + line + "\n")
    code, _, err = _run(capsys, "explain", str(archive))
    assert code == 2
    assert "--incident" in err
    assert _run(capsys, "explain", str(archive), "--incident", "two")[0] == 0


def test_text_of_alerts_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    alert = {
        "kind": "alert",
        "ts": 1,
        "name": "Disk full \x1b[2J[red]",
        "entity": "web\x1b]0;x\x07",
        "message": "no space left on device",
    }
    path.write_text(json.dumps(alert) + "\n")
    code, out, _ = _run(capsys, "explain", str(path))
    assert code == 0
    assert "\x1b" not in out


def test_audit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    trail = Trail(path)
    trail.append("note", 1.0, {"a": 1})
    trail.close()
    assert _run(capsys, "audit", str(path))[0] == 0
    path.write_text(path.read_text().replace('"a":1', '"a":2'))
    code, out, _ = _run(capsys, "audit", str(path), "--json")
    assert code == 1
    assert "does not continue the chain" in json.loads(out)["problem"]
    assert _run(capsys, "audit", str(tmp_path / "none"))[0] == 2


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "schema")
    assert code == 0
    assert "Playbook" in json.loads(out)["$defs"]
