"""Each field of the playbook format is read by something: nothing is accepted and ignored."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import Struct

from aiops.respond import format as playbook_format
from aiops.respond import steps
from aiops.respond.parameters import resolve
from aiops.respond.situation import Situation

ROOT = Path(__file__).resolve().parents[2]
# The decoder reads these: it takes one value of them and refuses others.
BY_DECODER = {"api_version", "kind"}
READERS = [
    path
    for place in ("aiops/respond", "aiops/daemon", "aiops/cli", "models/aiops_models/playbooks")
    for path in (ROOT / place).rglob("*.py")
    if path.name not in ("format.py", "steps.py")
]
FIELDS = sorted(
    {
        name
        for module in (playbook_format, steps)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == module.__name__
        for name in kind.__struct_fields__
    }
    - BY_DECODER
)


@pytest.fixture(scope="module")
def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in READERS)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_read(sources: str, name: str) -> None:
    assert re.search(rf'\.{name}\b|"{name}"', sources), f"nothing reads {name}"


def test_a_parameter_without_a_value_is_described(samples: SimpleNamespace) -> None:
    book = samples.playbook(parameters={"host": {"from": ["cause.entity"], "description": "the worker that hangs"}})
    values = resolve(book, Situation("i1", 3, []), None)
    assert values.missing == {"host": "the worker that hangs: no value was found"}
