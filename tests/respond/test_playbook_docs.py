"""The page on playbooks and runs is true: its example works, and it names commands, guards and sources."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aiops.cli.playbooks import playbooks_app
from aiops.respond.catalogue import read_playbook
from aiops.respond.guards import GUARDS
from aiops.respond.lint import lint_file
from aiops.respond.parameters import read_source
from aiops.respond.playbook_tests import run_trials
from aiops.respond.situation import Situation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "playbooks.md").read_text(encoding="utf-8")


def test_the_example_is_well_formed_and_passes_its_tests(tmp_path: Path) -> None:
    name, text = re.findall(r"<!-- tested: ([a-z-]+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    assert lint_file(path) == []
    results = run_trials(read_playbook(path))
    assert [result.problems for result in results] == [[], []]


def test_every_command_is_named() -> None:
    for command in playbooks_app.registered_commands:
        assert f"aiops playbooks {command.name} " in PAGE


def test_guards_are_listed_in_their_order() -> None:
    listed = re.search(r"in this order: (.*?)\.", PAGE, re.DOTALL)
    assert listed
    names = [name.strip() for name in listed.group(1).replace("\n", " ").split(",")]
    assert [name for name in names if name != "preconditions"] == [name for name, _ in GUARDS]


def test_every_source_is_read() -> None:
    now = Situation("i", 3, [], "e", "host", "s")
    for source in re.findall(r"`((?:cause|incident)\.[a-z]+)`", PAGE):
        assert read_source(source, now, None), source


def test_the_example_is_explained_with_its_guards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, text = re.findall(r"<!-- tested: ([a-z-]+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    (tmp_path / f"{name}.yaml").write_text(text)
    lines = [
        {"kind": "alert", "ts": 1.7e9 + late, "id": f"a{late}", "name": "WorkerStuck", "entity": "worker-3"}
        for late in (0, 90)
    ]
    causes = [{"entity": "worker-3", "confidence": "high"}]
    lines.append({"kind": "incident", "id": "one", "opened_at": 1.7e9, "alerts": ["a0", "a90"], "causes": causes})
    archive, graph = tmp_path / "a.jsonl", tmp_path / "topology.json"
    archive.write_text("".join(json.dumps(line) + "\n" for line in lines))
    nodes = [{"id": f"worker-{n}", "kind": "host", "labels": {"service": "work"}} for n in range(1, 5)]
    graph.write_text(json.dumps({"nodes": nodes}))
    playbooks_app(
        ["explain", str(archive), "--topology", str(graph), "--playbooks", str(tmp_path)], standalone_mode=False
    )
    out = " ".join(capsys.readouterr().out.split())
    assert "POST https://ops.example/workers/worker-3/restart" in out
    assert "✓ match: holds" in out
    assert "✗ approval: 0 of 1 approvals" in out
