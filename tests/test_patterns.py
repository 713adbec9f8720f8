"""Expressions of other people: RE2's answers, in linear time, within bounds; nothing in the tree backtracks on them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aiops.config import PluginName
from aiops.errors import UsageError
from aiops.patterns import MAX_CAUGHT, MAX_PATTERN_CHARS, MAX_REMEMBERED, Captures, Choice, Expression, Finder

ROOT = Path(__file__).parents[1]
PLAIN, POD = "a" * 40 + "!", "checkoutservice-7d9f8c6b5d-x2x4z"
# What backtracking engines never finish, with what RE2 says of (PLAIN, POD, a text that each matches).
SLOW = {
    r"((a+))+$": "a" * 40,
    r"(a|a)*$": "a" * 40,
    r"(?:(?:a+))+$": "aaa",
    r".*.*.*.*.*=x": "a=b=x",
    r"((\w+)-?)+-canary": "checkout-7d9f-canary",
    r"(x+x+)+y": "xxxxy",
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "abc.Def",
}


@pytest.mark.parametrize(("pattern", "matching"), SLOW.items())
def test_expression_that_backtracking_never_finishes_is_matched(pattern: str, matching: str) -> None:
    compiled = Expression(pattern)
    assert [compiled.matches(text) for text in (PLAIN, POD, matching)] == [False, False, True]
    # Longer than any limit of a test allows where each letter doubles the work.
    assert not compiled.matches("a" * 4_000 + "!")


def test_expression_matches_the_whole_text() -> None:
    assert [Expression("a|ab").matches(text) for text in ("a", "ab", "abc", "xa", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert Expression("(.*)*$").matches(PLAIN)
    assert Expression("").matches("")
    assert not Expression("").matches("a")
    assert Expression("a.b").matches("a\nb")
    assert not Expression("a$").matches("a\n")
    assert Expression("(?i)ÄPFEL").matches("äpfel")
    assert not Expression(r"\d+").matches("٣")


def test_captures_join_the_groups_of_a_whole_text() -> None:
    compiled = Captures("(a+)-[0-9](-b)?|(c)x")
    assert [compiled.joined(text) for text in ("aa-1", "a-1-b", "cx", "aa-1x", "", "c")] == [
        "aa",
        "a-b",
        "c",
        "",
        "",
        "",
    ]
    assert compiled.count == 3
    assert Captures("(.)x").joined("\ud800x") == "?"


def test_choice_names_all_expressions_that_match_a_whole_text_in_their_order() -> None:
    compiled = Choice(["[ab]+", "b", "a.*", "c"])
    assert [compiled.matching(text) for text in ("b", "ab", "c", "d", "", "ba\n")] == [[0, 1], [0, 2], [3], [], [], []]
    assert Choice([]).matching("a") == []
    with pytest.raises(UsageError, match="regular expression in RE2 syntax"):
        Choice(["a", "(b"])


def test_choice_of_many_expressions_matches_a_long_text_in_linear_time() -> None:
    compiled = Choice([f"({letter}+)+x|.*[{letter}0]{{60}}" for letter in "abcdefghijklmnopqrstuvwxyz"])
    assert compiled.matching("a" * 4_000) == [0]


def test_expression_is_asked_again_once_what_it_remembered_is_full() -> None:
    compiled = Expression("[0-9]*[02468]")
    for number in [*range(MAX_REMEMBERED + 50), *range(60)]:
        assert compiled.matches(str(number)) == (number % 2 == 0)


def test_text_that_is_no_unicode_is_no_error() -> None:
    assert Expression("a.b").matches("a\ud800b")
    assert Finder("b(.)").find("ab\ud800") == "?"


def test_finder_returns_the_group_or_everything() -> None:
    assert Finder("host=([^,]+)").find("a=b,host=db-1,c=d") == "db-1"
    assert Finder("[0-9]+").find("pod 12 of 13") == "12"
    assert Finder("(x)?y").find("y") is None
    assert Finder("z").find("y") is None
    assert Finder("a.b").find("a\nb") is None
    assert Finder("(é+)").find("caféé!") == "éé"


def test_finder_forgets_and_finds_again() -> None:
    finder = Finder("^([0-9]*)0$")
    for number in [*range(0, (MAX_CAUGHT + 50) * 10, 10), *range(0, 600, 10)]:
        assert finder.find(str(number)) == str(number)[:-1]


@pytest.mark.parametrize(
    "pattern",
    ["(", "a**", "(?=a)", "(?<!a)b", r"(a)\1", r"\Z", "a{1001}", r"\pL{60}", "(.{100}){100}", "\ud800"],
)
def test_expression_outside_the_syntax_or_the_bounds_is_refused(pattern: str) -> None:
    for kind in (Expression, Finder):
        with pytest.raises(UsageError, match="RE2 syntax"):
            kind(pattern)


def test_pattern_is_bounded_in_length_and_program() -> None:
    Expression("x" * MAX_PATTERN_CHARS)
    with pytest.raises(UsageError, match="4001 characters"):
        Expression("x" * (MAX_PATTERN_CHARS + 1))
    with pytest.raises(UsageError, match="instructions"):
        Expression(r"(\pL|\pN)*a(\pL|\pN){10}")


def test_refused_expression_prints_nothing() -> None:
    code = (
        "from aiops.patterns import Expression\n"
        "for pattern in ('(', '(a)(?=b)', '(.{100}){100}'):\n"
        "    try: Expression(pattern)\n"
        "    except Exception: pass\n"
        "hostile = Expression('(a|b)*a(a|b){200}')\n"
        "hostile.matches('ab' * 2000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")


def sources() -> Iterator[Path]:
    for folder in ("aiops", "connectors", "models"):
        yield from sorted((ROOT / folder).rglob("*.py"))


# Where a pattern is no literal, and why it is our own all the same.
OWN = {
    (
        "aiops/collect/secrets.py",
        'f"""(?i)((?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,40}}?(?:{_NAMES})[A-Za-z0-9_]{{0,20}}[\\\\"\']?\\\\s{{0,4}}[:=]\\\\s{{0,4}})(?:\\\\"[^\\\\"]{{0,4096}}\\\\"?|\'[^\']{{0,4096}}\'?|(?:bearer|basic|digest|negotiate)\\\\s+[^\\\\s,;]{{1,4096}}|[^\\\\s,;&\\\\"\'}}]{{1,4096}})"""',
    ),
    ("aiops/collect/secrets.py", "f'(?i)(?:^|[_.-])(?:{_NAMES})(?:$|[_.-])'"),
    ("aiops/respond/catalogue.py", "f\"\\\\$\\\\.({'|'.join(_PLACES)})\\\\[[0-9.]+\\\\]\\\\.kind\""),
    ("connectors/aiops_connectors/kubernetes/objects.py", "UID"),
    ("aiops/collect/evidence.py", "f'{COLUMN.pattern}|{PLACEHOLDER.pattern}'"),
    ("aiops/respond/symptom_words.py", "pattern"),
    ("aiops/testing/kubernetes_openapi.py", "pattern"),
    ("connectors/aiops_connectors/lines/subject.py", "'\\\\s{0,5}' + _WORD_AND_COLON"),
    ("connectors/aiops_connectors/lines/subject.py", "'(?<=\\\\])\\\\s{0,3}' + _WORD_AND_COLON"),
    ("connectors/aiops_connectors/lines/subject.py", "pattern"),
    ("connectors/aiops_connectors/setups/render.py", "f\"@({'|'.join(PLACES)})@\""),
}


def test_the_standard_library_matches_literals_only() -> None:
    """A pattern from elsewhere must go through `aiops.patterns`."""
    asked = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
    found = []
    for path in sources():
        place = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asked):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("re", "re2")):
                continue
            if not isinstance(node.args[0], ast.Constant) and (place, ast.unparse(node.args[0])) not in OWN:
                found.append(f"{place}:{node.lineno}: {ast.unparse(node)}")
    assert [one for one in found if not one.startswith("aiops/patterns.py")] == []


def test_format_that_ends_with_its_pattern_takes_no_newline_after_it() -> None:
    """`$` alone also matches before a last newline, which then stands in logs, names and paths."""
    files = [path for top in ("aiops", "connectors", "models") for path in (ROOT / top).rglob("*.py")]
    patterns = [
        (path.relative_to(ROOT), keyword.value.value)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "pattern" and isinstance(keyword.value, ast.Constant)
    ]
    assert len(patterns) > 10
    # An alert's id is any text of its sender; it is looked up, and nothing else.
    loose = {text for _, text in patterns if isinstance(text, str) and text.endswith("$")} - {"^[^,]+$"}
    assert not loose
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("pager\n", PluginName)
