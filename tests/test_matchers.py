"""The grammar of matchers: what is read, what is refused, what is written reads back; and what a matcher asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.matchers import (
    MAX_CHARS,
    MAX_MATCHERS,
    OPERATORS,
    Matcher,
    check,
    check_selective,
    question,
    read_matcher,
    read_matchers,
)
from aiops.patterns import MAX_TEXT_CHARS


def read(text: str) -> list[tuple[str, str, str]]:
    return [(one.label, one.op, one.value) for one in read_matchers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        ("  { } ", []),
        ("foo=bar", [("foo", "=", "bar")]),
        ("{foo=bar}", [("foo", "=", "bar")]),
        ("{foo=bar,}", [("foo", "=", "bar")]),
        ("foo=bar,", [("foo", "=", "bar")]),
        ("foo!=bar", [("foo", "!=", "bar")]),
        ("foo=~[a-z]+", [("foo", "=~", "[a-z]+")]),
        ("foo!~[a-z]+", [("foo", "!~", "[a-z]+")]),
        (' foo = "bar" , b !~ "c" ', [("foo", "=", "bar"), ("b", "!~", "c")]),
        ('alertname=~"Node.*"', [("alertname", "=~", "Node.*")]),
        ('{"foo"="bar"}', [("foo", "=", "bar")]),
        ("{foo=🙂bar}", [("foo", "=", "🙂bar")]),
        ("foo🙂=bar", [("foo🙂", "=", "bar")]),
        ("環境=本番", [("環境", "=", "本番")]),
        ("app.kubernetes.io/name=checkout", [("app.kubernetes.io/name", "=", "checkout")]),
        ('"host.name"="server-01"', [("host.name", "=", "server-01")]),
        (r'"a\"b" = "c\\d\n\t"', [('a"b', "=", "c\\d\n\t")]),
        ("foo='b\"ar'", [("foo", "=", 'b"ar')]),
        ("foo=`b\\d`", [("foo", "=", "b\\d")]),
        (r'foo="\x41\u00e4\U0001f642\101\xc3\xa4"', [("foo", "=", "Aä🙂Aä")]),
        ('foo=""', [("foo", "=", "")]),
        ('a="b,c",d="{e}"', [("a", "=", "b,c"), ("d", "=", "{e}")]),
        # The older form: a value without quotes up to the comma, and backslashes as they are.
        ("foo=", [("foo", "=", "")]),
        ("team = data base", [("team", "=", "data base")]),
        (r"pod=~web-\d+, job=x", [("pod", "=~", r"web-\d+"), ("job", "=", "x")]),
        (r'pod=~"web-\d+"', [("pod", "=~", r"web-\d+")]),
        ("a=b=c", [("a", "=", "b=c")]),
        ("a=~b{2}", [("a", "=~", "b{2}")]),
        (r"{a=~b{2}, c=\"d\\e\n}", [("a", "=~", "b{2}"), ("c", "=", '"d\\e\n')]),
        ("a=it's", [("a", "=", "it's")]),
        ('a="two\nlines"', [("a", "=", "two\nlines")]),
        ("a\u00a0=\u2003b", [("a", "=", "b")]),
        ("a=b\x1cc", [("a", "=", "b\x1cc")]),
    ],
)
def test_text_is_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("foo", "=bar", ",", "{,}", "{", "}", "foo=bar}", "{foo=bar", "a=b,,c=d", "{a=b}}", "{a=b} c=d"),
        *("a==b", "a=~=b", "a=~~b", "a=!b", 'a="b', 'a="b\\"', "a='b", "a=`b", 'a="b"c', 'a="b" "c"', 'a=b"c'),
        *('""=b', "a~b", "a!b", "a=~(", "a=~(?=b)", "a=b}c", '"a=b', "a b=c", "a=b c=d", "a=~b c!~d"),
    ],
)
def test_slip_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected"):
        read_matchers(text)


@pytest.mark.parametrize("escape", [r"\w", r"\xg0", r"\ud800", r"\U00110000", r"\8", r"\+1", r"\x-1", r"\xc3", r"\'"])
def test_escape_that_go_does_not_know_is_a_backslash(escape: str) -> None:
    """As Alertmanager does: such a text is of its older form."""
    assert read(f'a="{escape}"') == [("a", "=", escape)]


def test_error_names_the_place() -> None:
    with pytest.raises(UsageError, match=r"a comma or the end at character 9 of .* got .c=d."):
        read_matchers('"foo"=b c=d')


def test_one_matcher_is_one() -> None:
    assert read_matcher("{a=b}") == Matcher("a", "=", "b")
    for text in ("", "{}", "a=b,c=d"):
        with pytest.raises(UsageError, match="expected one"):
            read_matcher(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
MATCHERS = st.builds(Matcher, label=NAMES, op=st.sampled_from(["=", "!="]), value=TEXTS)


@settings(max_examples=300, deadline=None)
@given(st.lists(MATCHERS, max_size=4), st.booleans())
def test_what_is_written_reads_back(matchers: list[Matcher], braced: bool) -> None:
    text = ", ".join(map(str, matchers))
    assert list(read_matchers("{" + text + "}" if braced else text)) == matchers


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab={}!~,\"'`\\ \n.*nx1", max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        matchers = read_matchers(text)
    except UsageError:
        return
    check(matchers)
    assert read_matchers(", ".join(map(str, matchers))) == matchers


def test_long_text_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="at most"):
        read_matchers("a=b," * MAX_CHARS)
    for text in ('"' * MAX_CHARS, "\\" * MAX_CHARS, "{" * MAX_CHARS, "a=" + "," * (MAX_CHARS - 2)):
        with pytest.raises(UsageError):
            read_matchers(text)


@pytest.mark.parametrize(
    ("op", "wanted", "answers"),
    [
        ("=", "a", [True, False, False]),
        ("!=", "a", [False, True, True]),
        ("=~", "a.*", [True, True, False]),
        ("!~", "a.*", [False, False, True]),
        ("=", "", [False, False, True]),
        ("!=", "", [True, True, False]),
        ("=~", "", [False, False, True]),
        ("!~", "", [True, True, False]),
    ],
)
def test_question_of_each_operator(op: str, wanted: str, answers: list[bool]) -> None:
    ask = question(Matcher("l", op, wanted))
    assert [ask(value) for value in ("a", "ab", "")] == answers


def test_value_too_long_to_be_examined_is_matched_by_no_expression() -> None:
    at_the_bound, beyond = "a" * MAX_TEXT_CHARS, "a" * (MAX_TEXT_CHARS + 1)
    assert question(Matcher("l", "=~", "a*"))(at_the_bound)
    assert question(Matcher("l", "!~", "b*"))(at_the_bound)
    assert not question(Matcher("l", "=~", "a*"))(beyond)
    assert not question(Matcher("l", "!~", "b*"))(beyond)
    assert question(Matcher("l", "!=", "b"))(beyond)


@pytest.mark.parametrize(
    "text",
    ["nosuch!=x", "alertname=~.*", 'team=""', "team!~x+", "a=~b*", "a=~b?, c!=d", "a=~(.*)*$", "severity!=critical"],
)
def test_matchers_of_the_empty_alert_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="lacks these labels"):
        check_selective(read_matchers(text))


@pytest.mark.parametrize("text", ["a=b", "a=~b+", "a!=''", "a!~.*", "a!=b, c=d", "a=~.+"])
def test_one_matcher_that_asks_for_a_value_is_enough(text: str) -> None:
    check_selective(read_matchers(text))


def test_lists_are_bounded() -> None:
    one = Matcher("a", "=", "b")
    check_selective([one] * MAX_MATCHERS)
    for matchers in ([], [one] * (MAX_MATCHERS + 1)):
        with pytest.raises(UsageError, match="expected 1 to 32"):
            check_selective(matchers)


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher("a", "~", "b"),
        Matcher("a", "==", "b"),
        Matcher("", "=", "b"),
        Matcher("a" * 1025, "=", "b"),
        Matcher("a", "=", "b" * 4001),
        Matcher("a", "!~", "("),
    ],
)
def test_matcher_that_no_reader_gives_is_refused(matcher: Matcher) -> None:
    with pytest.raises(UsageError):
        check([matcher])


def test_page_says_what_is_so() -> None:
    """docs/matchers.md: its examples are read, its operators are all there are."""
    page = (Path(__file__).parents[1] / "docs" / "matchers.md").read_text(encoding="utf-8")
    examples = [line.strip() for line in page.splitlines() if line.startswith("    ")]
    assert len(examples) == 3
    assert all(read_matchers(text) for text in examples)
    assert {line.split("`")[1] for line in page.splitlines() if line.startswith(("| `=", "| `!"))} == set(OPERATORS)
