"""YAML is measured before a library builds it."""

from __future__ import annotations

import pytest

from aiops.respond.catalogue import PlaybookError, decode_yaml
from aiops.yaml_depth import MAX_DEPTH, too_deep


@pytest.mark.parametrize("level", [b"{", b"[", b"- ", b"? ", b"[{a: "])
def test_deep_text_is_found_and_shallow_text_is_not(level: bytes) -> None:
    assert too_deep(level * 50_000) == f"line 1: expected at most {MAX_DEPTH} levels; got more"
    assert too_deep(level * (MAX_DEPTH // 2)) == ""


def test_blocks_count_by_their_indentation() -> None:
    deep = "".join(" " * level + "a:\n" for level in range(MAX_DEPTH + 1))
    assert too_deep(deep.encode()).startswith(f"line {MAX_DEPTH + 1}:")
    assert too_deep(b"- {a: [b]}\n" * 10_000) == ""


def test_text_that_is_no_yaml_is_the_decoders_business() -> None:
    for text in (b"\x00", b"\xff" * 100, b"{" * 10 + b"\n " * 100 + b"\t: }"):
        assert too_deep(text) == ""


def test_a_deep_playbook_is_refused_instead_of_crashing() -> None:
    with pytest.raises(PlaybookError, match="at most 64 levels"):
        decode_yaml(b"{" * 50_000)
