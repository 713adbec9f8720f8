"""Mapping files that would crash, stall or swell the daemon that reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aiops_connectors.mapping.mapping import MAX_USED, load_mapping
from aiops_connectors.mapping.mapping_file import read_file

from aiops.errors import UsageError

HEAD = "apiVersion: aiops/v1\nkind: Mapping\nname: x\nsummary: x.\ndocumentation: https://a.example/\nrules:\n"
USE = "- {when: [{path: host, present: true}], include: %s}\n"


def test_a_deeply_nested_file_is_refused_instead_of_crashing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for text in ("{" * 50_000, "[" * 50_000, "- " * 50_000, "? " * 50_000, HEAD + "- " + "{a: " * 9_000):
        path.write_text(text)
        with pytest.raises(UsageError, match="at most 64 levels"):
            load_mapping(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "x.yaml").write_text(HEAD + USE % "pipe.yaml")
    with pytest.raises(UsageError, match=r"pipe\.yaml: cannot be read: expected a file"):
        load_mapping(tmp_path / "x.yaml")


def test_uses_of_uses_are_bounded(tmp_path: Path) -> None:
    """Eight uses of the next file in each of seven files were two million mappings."""
    (tmp_path / "m0.yaml").write_text(HEAD + "- {when: [{path: host, present: true}], name: title}\n")
    for level in range(1, 8):
        (tmp_path / f"m{level}.yaml").write_text(HEAD + USE % f"m{level - 1}.yaml" * 8)
    with pytest.raises(UsageError, match=f"at most {MAX_USED} uses"):
        load_mapping(tmp_path / "m7.yaml")
    load_mapping(tmp_path / "m2.yaml")


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: b")
    assert read_file(tmp_path / "x.yaml", 4) == b"a: b"
    with pytest.raises(UsageError, match="at most 3 bytes"):
        read_file(tmp_path / "x.yaml", 3)
    with pytest.raises(UsageError, match="No such file"):
        read_file(tmp_path / "y.yaml", 3)
