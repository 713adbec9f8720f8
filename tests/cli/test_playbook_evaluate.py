"""`aiops playbooks evaluate`: figures, refusals and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aiops.cli import playbook_evaluate
from aiops.cli.errors import errors_as_lines
from aiops.cli.playbooks import playbooks_app
from aiops.journal import Meta, Writer
from aiops.journal.frame import encode_lines
from aiops.records import Skipped
from aiops.records.decode import encode
from tests.backtest.test_playbook_decisions import BOOKS, history


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluate") / "history.jsonl"
    path.write_bytes(b"".join(encode(record) + b"\n" for record in history()[0]))
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code: Any = 0
    options = f"playbooks.options.playbooks={json.dumps(BOOKS)}"
    try:
        with errors_as_lines():
            playbooks_app(["evaluate", "--set", options, *map(str, words)])
    except SystemExit as stop:
        code = stop.code or 0
    return code, *capsys.readouterr()


def test_policies_have_estimates_with_intervals(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, _ = run(capsys, "--from", archive)
    assert code == 0
    for text in ("60 judged decisions", "current", "greedy", "IPS", "doubly robust", "gain over current", " to "):
        assert text in out
    code, out, _ = run(capsys, "--from", archive, "--policy", "greedy", "--json")
    found = json.loads(out)["greedy"]
    assert [one["name"] for one in found["estimates"]] == ["IPS", "self-normalised IPS", "doubly robust"]


def test_the_journal_of_a_daemon_gives_what_an_archive_gives(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "journal")
    records = [record for record in history()[0] if not isinstance(record, Skipped)]
    writer.append(records, encode_lines(records), Meta())
    writer.close()
    expected = run(capsys, "--from", archive, "--json")
    assert run(capsys, "--state", tmp_path, "--json") == expected
    assert run(capsys, "--from", tmp_path / "journal", "--json") == expected


def test_a_policy_that_the_log_never_followed_is_refused(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.toml"
    table.write_text('HighErrorRate = "rollback"\nHighRequestLatency = "rollback"\n')
    code, out, _ = run(capsys, "--from", archive, "--policy", table)
    assert code == 1
    assert "no estimate: in 100% of its choices" in out


def test_a_table_of_what_was_shown_is_evaluated(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table.json"
    table.write_text('{"HighErrorRate": "service-error-rate"}')
    code, out, _ = run(capsys, "--from", archive, "--policy", table, "--json")
    assert code == 0
    assert json.loads(out)[str(table)]["estimates"][0]["value"] > 0.8


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--policy", "no-such-file"), "expected greedy, current or a file of ALERT = PLAYBOOK"),
        (("--from", "no-such-archive"), "expected journal, a journal's directory or an archive"),
        (("--state", "no-such-state"), "no-such-state"),
    ],
)
def test_mistakes_are_named(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], error: str) -> None:
    code, _, err = run(capsys, *words)
    assert code in (1, 2)
    assert error in err


def test_a_table_that_is_no_table_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text("HighErrorRate = 3\n")
    assert "$[...]" in run(capsys, "--policy", table)[2] or "HighErrorRate" in run(capsys, "--policy", table)[2]
    table.write_bytes(b"#" * (playbook_evaluate.MAX_FILE_BYTES + 1))
    assert "expected at most" in run(capsys, "--policy", table)[2]
