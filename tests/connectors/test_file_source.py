"""The file source: it follows what is appended, over restarts, replacement and a full engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.file import MAX_BATCH_BYTES, FileSource

from aiops.errors import UsageError
from aiops.ports import Position
from aiops.testing.inbox import MemoryInbox

NOW = 1_772_400_000.0


def line(name: str) -> str:
    return json.dumps({"kind": "alert", "ts": NOW, "name": name}) + "\n"


def follow(path: Path, inbox: MemoryInbox, position: Position | None, *steps: Any, **options: Any) -> FileSource:
    """Run a source; each time it has nothing to do, the next step happens; after the last it stops."""
    left = list(steps)

    def idle(_: float) -> None:
        if left:
            left.pop(0)()
        else:
            source.stop()

    source = FileSource("file", {"path": str(path), **options}, clock=lambda: NOW, sleep=idle)
    source.run(inbox, position)
    return source


def names(inbox: MemoryInbox) -> list[str]:
    return [getattr(record, "name", "") for record in inbox.records]


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_it_follows_what_is_appended(tmp_path: Path) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    half = line("c")
    follow(
        path,
        inbox,
        None,
        lambda: append(path, line("a") + line("b") + half[:10]),
        lambda: append(path, half[10:]),
    )
    assert names(inbox) == ["a", "b", "c"]
    assert [record.id for record in inbox.records] == [f"alerts:{n * len(line('a'))}" for n in range(3)]


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    append(path, line("a"))
    follow(path, inbox, None)
    append(path, line("b"))
    follow(path, inbox, inbox.taken[-1].position)
    assert names(inbox) == ["a", "b"]


@pytest.mark.parametrize("how", ["replaced", "cut"])
def test_a_new_file_is_read_from_its_start(tmp_path: Path, how: str) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    append(path, line("a") + line("b"))

    def change() -> None:
        if how == "replaced":
            append(path, line("last"))
            path.rename(tmp_path / "alerts.1")
            append(path, line("new"))
        else:
            path.write_text(line("new"))

    follow(path, inbox, None, change, lambda: None, lambda: None)
    assert names(inbox) == (["a", "b", "last", "new"] if how == "replaced" else ["a", "b", "new"])


def test_a_bad_line_is_told_and_passed_over(tmp_path: Path) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    append(path, line("a") + "no json\n\n" + line("b") + "x" * (3 * MAX_BATCH_BYTES) + "\n" + line("c"))
    follow(path, inbox, None)
    assert names(inbox) == ["a", "b", "c"]
    assert inbox.letters[0].place.startswith(f"alerts:{len(line('a'))}")
    assert all(len(letter.raw) <= 64 * 1024 for letter in inbox.letters)


def test_a_full_engine_is_offered_the_same_again(tmp_path: Path) -> None:
    path, inbox = tmp_path / "alerts.jsonl", MemoryInbox()
    append(path, line("a"))
    offers = []

    class Busy:
        def put(self, received: Any, timeout_s: float) -> bool:
            offers.append(received)
            return len(offers) > 3 and inbox.put(received, timeout_s)

    source = FileSource("file", {"path": str(path)}, clock=lambda: NOW, sleep=lambda _: source.stop())
    source.run(Busy(), None)
    assert names(inbox) == ["a"]
    assert len(offers) == 4
    assert source.health()["full"] == 3


def test_lines_of_a_tool_go_through_its_mapping(tmp_path: Path) -> None:
    path, inbox = tmp_path / "wazuh.json", MemoryInbox()
    append(path, json.dumps({"rule": {"description": "Brute force", "level": 12}, "agent": {"name": "b1"}}) + "\n")
    follow(path, inbox, None, mapping="wazuh")
    assert names(inbox) == ["Brute force"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    source = follow(tmp_path, MemoryInbox(), None)
    assert source.health()["ok"] is False
    assert "cannot read" in source.health()["detail"]
    with pytest.raises(UsageError, match="path"):
        FileSource("file", {})
