"""Configurations as TOML are read back as they were."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.migration.toml_text import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['a="b"', "it's", "\x7f", "x" * 99]
)
SCALARS = TEXT | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tables = st.dictionaries(TEXT, inner, max_size=3)
    return tables | st.lists(tables, max_size=3) | st.lists(SCALARS, max_size=3)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(TEXT, st.recursive(SCALARS, nested, max_leaves=12), max_size=4))
def test_what_is_written_is_read_back(config: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(config)) == config


def test_comments_stand_above_their_section() -> None:
    text = toml_text({"route": {"endpoints": ["a"]}}, {"route": "First.\nSecond."})
    assert text == '# First.\n# Second.\n[route]\nendpoints = ["a"]\n'
