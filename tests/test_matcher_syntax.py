"""The two grammars of matchers, text by text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.matcher_syntax import Found, LooseReader, Reader, is_bare, shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b", [("a", "=", "b")]),
        ("{a=b}", [("a", "=", "b")]),
        (" { a = b , } ", [("a", "=", "b")]),
        ("a=b,c!=d", [("a", "=", "b"), ("c", "!=", "d")]),
        ('a=~"x|y",b!~"z.*"', [("a", "=~", "x|y"), ("b", "!~", "z.*")]),
        ('"a label"="a, value"', [("a label", "=", "a, value")]),
        ("a='it'", [("a", "=", "it")]),
        (r"a=`C:\x`", [("a", "=", r"C:\x")]),
        ('a=""', [("a", "=", "")]),
        ("", []),
        ("{}", []),
        ("große=straße", [("große", "=", "straße")]),
    ],
)
def test_reader_takes_bare_and_quoted_text(text: str, found: list[Found]) -> None:
    assert Reader(text).matchers() == found


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        (r"\n\t\\", "\n\t\\"),
        (r"\"", '"'),
        (r"\x41", "A"),
        (r"\101", "A"),
        (r"\u00e4", "ä"),
        (r"\U0001f642", "\U0001f642"),
        (r"\xc3\xa4", "ä"),
    ],
)
def test_reader_knows_the_escapes_of_go(escaped: str, value: str) -> None:
    assert Reader(f'a="{escaped}"').matchers() == [("a", "=", value)]


@pytest.mark.parametrize(
    "escaped",
    [r"\q", r"\x4", r"\x+1", r"\400", r"\u12", r"\ud800", r"\U00110000", r"\xff", r"\u 041", "a\nb", r"\1_1"],
)
def test_reader_refuses_escapes_that_are_none(escaped: str) -> None:
    with pytest.raises(UsageError, match="matcher: expected"):
        Reader(f'a="{escaped}"').matchers()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a", 2),
        ("=b", 1),
        ("a=", 3),
        ("a==b", 3),
        ("a=b c=d", 5),
        ("a=b,,c=d", 5),
        ("{a=b", 5),
        ("a=b}", 4),
        ('a="b', 3),
        ('""=b', 3),
        ("a>b", 4),
        ("a=b'c", 4),
    ],
)
def test_reader_says_at_which_character_it_stopped(text: str, at: int) -> None:
    with pytest.raises(UsageError, match=f"at character {at} of"):
        Reader(text).matchers()


def test_error_shows_a_long_text_in_part() -> None:
    with pytest.raises(UsageError) as caught:
        Reader("a=b " + "x" * 10_000).matchers()
    assert len(str(caught.value)) < 400
    assert len(shown("y" * 10_000)) < 130


@given(st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=20), max_size=4))
def test_whatever_is_quoted_is_read_back(labels: dict[str, str]) -> None:
    def quoted(text: str) -> str:
        return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'

    text = ",".join(f"{quoted(label)}={quoted(value)}" for label, value in labels.items() if label)
    try:
        found = Reader(text).matchers()
    except UsageError:
        assert any(0xD800 <= ord(char) < 0xE000 for char in "".join([*labels, *labels.values()]))
    else:
        assert found == [(label, "=", value) for label, value in labels.items()]


@given(st.text(alphabet="ab=~!{}\"'`\\, x4\n", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (Reader(text), LooseReader(text)):
        try:
            found = reader.matchers()
        except UsageError:
            continue
        assert all(label and op in ("=", "!=", "=~", "!~") for label, op, _ in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"pod=~web-\d+", [("pod", "=~", r"web-\d+")]),
        (r"a=b\nc", [("a", "=", "b\nc")]),
        ('a="b,c",d=e', [("a", "=", "b,c"), ("d", "=", "e")]),
        ("{a=two words}", [("a", "=", "two words")]),
        ("a=b,", [("a", "=", "b")]),
        ("a=", [("a", "=", "")]),
        (r'a="\""', [("a", "=", '"')]),
        (r"a=x\,y", [("a", "=", r"x\,y")]),
    ],
)
def test_loose_reader_takes_what_stands_up_to_the_comma(text: str, found: list[Found]) -> None:
    assert LooseReader(text).matchers() == found


@pytest.mark.parametrize(
    "text", ['a="b', 'a=b"c', "a==b", "a=~~b", "a='b'", "a={b", "a=b c=d", "a=b c!~d", r'a="b\"', "=b", "a", "a=b,,c=d"]
)
def test_loose_reader_refuses_what_can_only_be_a_slip(text: str) -> None:
    with pytest.raises(UsageError, match="matcher: expected"):
        LooseReader(text).matchers()


@pytest.mark.parametrize(
    ("text", "bare"),
    [("a.b/c-d_e", True), ("a b", False), ("a=b", False), ("", False), ("a\u00a0b", False), ("ä", True)],
)
def test_bare_text_holds_nothing_reserved(text: str, bare: bool) -> None:
    assert is_bare(text) == bare
