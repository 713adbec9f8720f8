"""Reading playbooks: hostile files, catalogues of several places, what no run may do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.respond import catalogue as catalogue_module
from aiops.respond.catalogue import (
    MAX_FILE_BYTES,
    PlaybookError,
    decode_yaml,
    read_catalogue,
    read_playbook,
    shipped,
)
from aiops.respond.lint import lint_file
from tests.respond.sample_file import GOOD, write


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x\n", "aliases are not allowed"),
        (GOOD + "\nname: again\n", "appears twice"),
        ("a: [", "expected YAML"),
        ("- 1\n", "expected `object`"),
        ("x" * (MAX_FILE_BYTES + 1), "at most"),
        ("[" * 5000, ""),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlaybookError, match=r"sample\.yaml") as caught:
        read_playbook(write(tmp_path, text))
    assert message.lower() in str(caught.value).lower()


def test_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlaybookError, match="UTF-8"):
        read_playbook(path)


def test_a_bad_file_does_not_take_the_good_ones_with_it(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "nonsense", "bad.yaml")
    write(tmp_path, GOOD, "twin.yaml")
    catalogue = read_catalogue([tmp_path, tmp_path / "nowhere"])
    assert list(catalogue.playbooks) == ["sample"]
    assert len(catalogue.problems) == 3


@pytest.mark.parametrize(
    "value",
    [
        "2024-13-45",
        "9999-12-31T23:59:59+99:99",
        "1" * 5000,
        "!!int abc",
        "!!float abc",
        "!!timestamp abc",
        "!!bool abc",
        "!!python/object/apply:os.system [reboot]",
    ],
    ids=lambda value: value[:20],
)
def test_yaml_values_that_are_none_of_their_type_are_refused(tmp_path: Path, value: str) -> None:
    """PyYAML raises an error of its own for each of them; none may get past the reader."""
    path = write(tmp_path, GOOD + f"owners: [{value}]\n")
    with pytest.raises(PlaybookError, match=r"sample\.yaml: expected YAML"):
        read_playbook(path)


def test_catalogue_survives_a_file_with_an_impossible_date(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "version: 2024-13-45", "bad.yaml")
    catalogue = read_catalogue([tmp_path])
    assert list(catalogue.playbooks) == ["sample"]
    [problem] = catalogue.problems
    assert problem.startswith(str(tmp_path / "bad.yaml"))


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}"])
def test_keys_that_are_no_text_are_refused_with_their_line(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, f"apiVersion: aiops/v1\n? {key}\n: c\n")
    with pytest.raises(PlaybookError, match="line 2: expected a text as key"):
        read_playbook(path)


@pytest.mark.parametrize("value", [".nan", ".inf", "10" * 200])
def test_defaults_that_no_request_could_hold_are_findings(tmp_path: Path, value: str) -> None:
    text = GOOD.replace("parameters:", f"parameters:\n  n: {{type: number, default: {value}}}")
    found = [one for one in lint_file(write(tmp_path, text)) if one.level == "error"]
    assert [one.path.rpartition(".")[0] for one in found] == ["$.parameters.n"]
    assert "expected a finite number" in found[0].text


@given(st.binary(max_size=200))
def test_any_bytes_are_yaml_or_an_error(raw: bytes) -> None:
    try:
        decode_yaml(raw)
    except PlaybookError:
        return


@given(st.text(alphabet="{}[]:,-?!&*#|>@%'\"\n abc012.T", max_size=60))
def test_any_text_is_yaml_or_an_error(text: str) -> None:
    try:
        decode_yaml(text.encode())
    except PlaybookError:
        return


def test_pipe_in_a_folder_is_a_problem_and_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yml").mkdir()
    catalogue = read_catalogue([tmp_path])
    assert list(catalogue.playbooks) == ["sample"]
    assert sorted(catalogue.problems) == [
        f"{tmp_path / 'folder.yml'}: expected a file",
        f"{tmp_path / 'pipe.yaml'}: expected a file",
    ]


def test_missing_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"gone\.yaml: No such file"):
        read_playbook(tmp_path / "gone.yaml")


def test_catalogue_reads_files_and_folders_and_sorts_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    single = write(tmp_path, GOOD.replace("name: sample", "name: zulu"), "zulu.yml")
    write(folder, GOOD.replace("name: sample", "name: alfa"), "alfa.yaml")
    write(folder, "not a playbook", "README.md")
    deeper = folder / "deeper"
    deeper.mkdir()
    write(deeper, GOOD)
    catalogue = read_catalogue([single, folder])
    assert list(catalogue.playbooks) == ["alfa", "zulu"]
    assert catalogue.files == {"alfa": str(folder / "alfa.yaml"), "zulu": str(single)}
    assert catalogue.problems == []


def test_first_of_two_playbooks_of_a_name_counts(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("version: 1.0.0", "version: 1.0.1"), "a.yaml")
    write(tmp_path, GOOD.replace("version: 1.0.0", "version: 2.0.0"), "b.yaml")
    catalogue = read_catalogue([tmp_path])
    assert catalogue.playbooks["sample"].version == "1.0.1"
    [problem] = catalogue.problems
    assert "'sample'" in problem
    assert str(tmp_path / "a.yaml") in problem


def test_catalogue_is_bounded_and_says_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_module, "MAX_PLAYBOOKS", 2)
    for number in range(4):
        write(tmp_path, GOOD.replace("name: sample", f"name: book-{number}"), f"book-{number}.yaml")
    catalogue = read_catalogue([tmp_path])
    assert list(catalogue.playbooks) == ["book-0", "book-1"]
    [problem] = catalogue.problems
    assert problem.startswith(str(tmp_path / "book-2.yaml"))


@pytest.mark.parametrize("match", ["a text", "[1, 2]", "{anyAlert: a text}", "{noAlert: [a text]}"])
def test_match_of_another_shape_is_refused_by_the_format(tmp_path: Path, match: str) -> None:
    text = GOOD.replace("match: {alert: [{label: name, value: A}]}", f"match: {match}")
    with pytest.raises(PlaybookError, match=r"\$\.match"):
        read_playbook(write(tmp_path, text))


def test_shipped_catalogue_is_a_folder_of_playbooks() -> None:
    assert (shipped() / "host-disk-full.yaml").is_file()
