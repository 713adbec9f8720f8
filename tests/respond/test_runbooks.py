"""Folders of Markdown runbooks are read as they are found in the wild."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.respond.runbooks import MAX_FILE_BYTES, parse, plain, read_runbooks

TEXT = """---
title: Node Down
weight: 20
---
# Node-Down

## Meaning

The node does not answer.

```shell
# Diagnosis inside a code block is no heading
ping node
```

<details>
## Impact: pods are moved
Some wait.

### Diagnosis and triage
Look.

## Mitigation
Switch on.

## Notes
More of the same section.
"""


def test_sections_front_matter_and_code() -> None:
    book = parse("node/NodeDown", TEXT)
    assert (book.alert, book.title) == ("Node-Down", "Node-Down")
    assert "inside a code block" in book.meaning
    assert book.impact.startswith("Some wait")
    assert book.diagnosis == "Look."
    assert book.mitigation.startswith("Switch on.")
    assert "weight" not in book.other


def test_a_file_without_sections_keeps_its_text() -> None:
    book = parse("disk", "Just text.\r\nMore.")
    assert (book.alert, book.other) == ("disk", "Just text.\nMore.")


def test_headings_are_read_without_their_marks() -> None:
    text = "## Title ##\n#### \tImpact: all  # #\nbad\n#Meaning\nno heading\n####### Meaning\nnone either"
    book = parse("x", text)
    assert book.impact == "bad\n#Meaning\nno heading\n####### Meaning\nnone either"
    assert "## Title ##" in book.other


def test_no_heading_takes_for_ever() -> None:
    """The quarter of a megabyte that a file may have, in the one line that a backtracking expression hates most."""
    for line in (
        "## " + "# " * 100_000 + "x",
        "##" + " " * 250_000 + "x",
        "## x" + " #" * 100_000 + "x",
        "#" * 250_000,
    ):
        assert parse("x", line).other == line


def test_a_heading_that_is_another_name_is_a_title_only() -> None:
    assert parse("KubeJobFailed", "# What to do about failed jobs\n").alert == "KubeJobFailed"


def test_folders_are_read_in_order_and_hostile_files_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text("# Secret")
    folder = tmp_path / "runbooks"
    (folder / "node").mkdir(parents=True)
    (folder / "b.md").write_text("# B")
    (folder / "node" / "A.markdown").write_text("# A")
    (folder / "README.md").write_text("# Read me")
    (folder / "notes.txt").write_text("# No")
    (folder / "bad.md").write_bytes(b"\xff\xff")
    (folder / "large.md").write_text("x" * (MAX_FILE_BYTES + 1))
    (folder / "link.md").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    assert [book.name for book in read_runbooks(folder)] == ["b", "node/A"]


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a folder"):
        read_runbooks(tmp_path / "none")


def test_names_are_compared_without_their_joints() -> None:
    assert plain("Kube-Pod_Not.Ready") == plain("kubepodnotready")


def test_pipes_links_and_folders_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "Good.md").write_text("# Good\n## Meaning\nIt is.")
    (tmp_path / "Folder.md").mkdir()
    os.mkfifo(tmp_path / "Pipe.md")
    (tmp_path / "Link.md").symlink_to(tmp_path / "Good.md")
    (tmp_path / "Loop").symlink_to(tmp_path)
    assert [book.name for book in read_runbooks(tmp_path)] == ["Good"]


def test_folders_are_read_to_a_depth(tmp_path: Path) -> None:
    deep = tmp_path
    for number in range(1, 6):
        (deep / f"At{number}.markdown").write_text("x")
        deep = deep / f"d{number}"
        deep.mkdir()
    assert [book.alert for book in read_runbooks(tmp_path)] == ["At1", "At2", "At3", "At4"]


@pytest.mark.parametrize("text", ["", "# ", "#", "```\n# Name\n", "---\n---\n", "---\nno end", "#######  x", "# # #"])
def test_any_text_is_a_runbook(text: str) -> None:
    book = parse("node/NodeDown", text)
    assert (book.alert, book.name) == ("NodeDown", "node/NodeDown")
    assert book.title


def test_section_that_comes_twice_is_one(tmp_path: Path) -> None:
    book = parse("A", "## Diagnosis\nfirst\n## Impact: all\nmuch\n## Diagnosis (more)\nsecond")
    assert (book.diagnosis, book.impact) == ("first\nsecond", "much")
