"""Texts that an expression needs: they never hide a match."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.patterns import Expression
from aiops.respond.required_texts import inner, required, split

TEXTS = st.text(alphabet="abcd .x", max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["disk full", "no space", "abc", "in(ode|ner)s?", "x{2}", "a.c"]), min_size=1, max_size=4),
    TEXTS,
)
def test_required_texts_never_hide_a_match(parts: list[str], text: str) -> None:
    pattern = f".*({'|'.join(parts)}).*"
    wanted = required(pattern)
    for candidate in (text, *parts):
        if Expression(pattern).matches(candidate):
            assert not wanted or any(word in candidate for word in wanted)


def test_required_texts_are_found_in_sequences_of_groups() -> None:
    assert required(".*(postgres|mysql).*(slow|lock).*") == ("postgres", "mysql")
    assert required(".*(a|b).*(slow|lock).*") == ("slow", "lock")
    assert required(".*(abc)?.*") == ()
    assert inner(".*(a)|(b).*") is None


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("disk", ("disk",)),
        ("disk|inode", ("disk", "inode")),
        ("disk|ab", ()),
        ("disks?", ("disk",)),
        ("dis(k|c) full", (" full",)),
        ("a.b.c", ()),
        ("[dD]isk", ("isk",)),
        (r"io\.wait", ("wait",)),
        ("disk{2}", ()),
        ("(?i)disk", ()),
        ("[[:alpha:]]disk", ()),
        (r"\pLdisk", ()),
        (r"\x41disk", ()),
        ("(abc|def)+x", ("abc", "def")),
        ("(abc)*(def)", ("def",)),
        ("[]abc]def", ("def",)),
        ("", ()),
        (".*", ()),
        ("same|same", ("same",)),
    ],
)
def test_required_gives_texts_only_where_they_are_certain(pattern: str, texts: tuple[str, ...]) -> None:
    assert required(pattern) == texts


@pytest.mark.parametrize(
    ("pattern", "body"),
    [
        (".*(a|b).*", "a|b"),
        (".*(?:a).*", None),
        (".*(a).*(b).*", None),
        (".*(a)|(b).*", None),
        (r".*(\Qa.b\E).*", None),
        (r".*(a\)).*", r"a\)"),
        (".*([)]).*", "[)]"),
        ("(a)", None),
    ],
)
def test_inner_is_what_the_whole_pattern_wraps(pattern: str, body: str | None) -> None:
    assert inner(pattern) == body


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [("a|b", ["a", "b"]), ("(a|b)|c", ["(a|b)", "c"]), ("[|]|x", ["[|]", "x"]), (r"a\|b", [r"a\|b"]), ("", [""])],
)
def test_split_cuts_at_the_outermost_level_only(pattern: str, parts: list[str]) -> None:
    assert split(pattern) == parts


PIECES = st.lists(st.sampled_from(["abc", "(de|fgh)", "x?", ".", "[yz]", "|", "ijk*", r"\.", "(mno)?"]), max_size=6)


@settings(max_examples=300)
@given(PIECES.map("".join), st.text(alphabet="abcdefghijkmnoxyz.", max_size=20))
def test_required_texts_are_in_all_that_matches(pattern: str, text: str) -> None:
    wanted = required(pattern)
    if wanted and Expression(pattern).matches(text):
        assert any(word in text for word in wanted)
