"""Each worked example of docs/mappings.md becomes what the page shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from aiops_connectors.catalogue import Catalogue
from aiops_connectors.mapping import mapping as language
from aiops_connectors.mapping.expressions import Term
from aiops_connectors.mapping.text_steps import STEPS
from aiops_connectors.workbench.trial import trial
from msgspec.structs import fields

PAGE = (Path(__file__).parents[2] / "docs/mappings.md").read_text(encoding="utf-8")
NOW = 1_772_400_000.0
HEAD = "apiVersion: aiops/v1\nkind: Mapping\nname: {name}\nsummary: Example.\n"
_BLOCK = re.compile(r"^```(\w+)(?: ([\w. -]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A mapping with the others that it names, a request, and what becomes of it."""

    files: dict[str, str]
    request: bytes
    records: list[dict[str, Any]]
    problems: list[str]


def examples() -> list[Example]:
    found: list[Example] = []
    files: dict[str, str] = {}
    request = b""
    for _, info, text in _BLOCK.findall(PAGE):
        what, _, name = info.partition(" ")
        if what == "mapping":
            own = name or "example.yaml"
            files = {**(files if own == "example.yaml" and "example.yaml" not in files else {}), own: text}
        elif what == "payload":
            request = text.encode()
        elif what == "request":
            head, _, body = text.partition("\n\n")
            request = f"{head}\n\n{body}".encode()
        elif what == "records":
            found.append(Example(files, request, json.loads(text), []))
        elif what == "problems":
            found[-1].problems.extend(text.splitlines())
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_an_example_becomes_what_the_page_shows(example: Example, tmp_path: Path) -> None:
    for name, text in example.files.items():
        whole = text if text.startswith("apiVersion") else HEAD.format(name=name.removesuffix(".yaml")) + text
        (tmp_path / name).write_text(whole)
        jsonschema.validate(yaml.safe_load(whole), Catalogue().schema())
    found = trial(str(tmp_path / "example.yaml"), example.request, {}, NOW)
    assert len(found.records) == len(example.records), found.problems
    for record, expected in zip(found.records, example.records, strict=True):
        assert {name: getattr(record, name) for name in expected} == expected
    reasons = [problem.reason for problem in found.problems]
    assert len(reasons) == len(example.problems), reasons
    for part in example.problems:
        assert any(part in reason for reason in reasons), (part, reasons)


def test_there_is_an_example_of_each_section() -> None:
    assert len(EXAMPLES) >= 11


@pytest.mark.parametrize("struct", [language.Rule, language.MappingFile, Term, language.Test])
def test_every_word_of_the_language_is_on_the_page(struct: type) -> None:
    missing = [field.encode_name for field in fields(struct) if f"{field.encode_name}" not in PAGE]
    assert not missing


def test_every_step_is_on_the_page() -> None:
    assert not [step for step in STEPS if f"`{step}`" not in PAGE]
