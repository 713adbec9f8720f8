"""Files that a command writes: all of them or none, never over what is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiops.cli.new_files import checked_name, write_new
from aiops.errors import UsageError


@pytest.mark.parametrize(
    ("name", "separator"), [("disk", "_"), ("disk_full2", "_"), ("disk-full", "-"), ("a", "-"), ("x" * 64, "-")]
)
def test_name_of_words_is_taken(name: str, separator: str) -> None:
    assert checked_name(name, "mapping", separator) == name


@pytest.mark.parametrize(
    ("name", "separator"),
    [
        ("", "-"),
        ("Disk", "-"),
        ("disk_full", "-"),
        ("disk-full", "_"),
        ("-disk", "-"),
        ("disk-", "-"),
        ("a--b", "-"),
        ("../etc", "-"),
        ("a/b", "_"),
        ("1disk", "-"),
        ("disk\n", "-"),
        ("dïsk", "-"),
        ("x" * 65, "-"),
    ],
)
def test_name_that_could_be_a_path_is_refused(name: str, separator: str) -> None:
    with pytest.raises(UsageError, match="NAME: not the name of a mapping") as caught:
        checked_name(name, "mapping", separator)
    assert len(str(caught.value)) < 250


def test_all_files_are_written_with_their_folders(tmp_path: Path) -> None:
    write_new({tmp_path / "a" / "b.yaml": "one", tmp_path / "c.py": "zwölf"}, force=False)
    assert (tmp_path / "a" / "b.yaml").read_text() == "one"
    assert (tmp_path / "c.py").read_text(encoding="utf-8") == "zwölf"


def test_none_is_written_where_one_exists(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UsageError, match=r"exists already.*--force"):
        write_new({tmp_path / "a": "x", tmp_path / "b": "y"}, force=False)
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_text() == "mine"
    write_new({tmp_path / "a": "x", tmp_path / "b": "y"}, force=True)
    assert (tmp_path / "b").read_text() == "y"


def test_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    for link in ("link", "dangling"):
        os.symlink(tmp_path / ("target" if link == "link" else "gone"), tmp_path / link)
        with pytest.raises(UsageError, match="exists already"):
            write_new({tmp_path / link: "x"}, force=False)
        write_new({tmp_path / link: "x"}, force=True)
    assert (tmp_path / "target").read_text() == "mine"
    assert not (tmp_path / "gone").exists()


def test_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write_new({tmp_path / "file" / "x": ""}, force=False)
