"""Plain words: the retired idiom is neither in prose nor in names, and each docstring begins as the style wants it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tests.prose import ROOT, Text, identifiers, shipped

# Each pattern is a habit of the old texts; beside it is the wording to use. See docs/glossary.md.
RETIRED = {
    r"\b(tells?|told|telling)\b": "notify, report, show, distinguish",
    r"\b(say|says|said|saying)\b": "report, state, show, name",
    r"\b(speaks?|spoke|spoken|speaking|hears?|heard)\b": "use, send, receive",
    r"\b(asks?|asked|asking)\b": "request, query, check, call, require",
    r"\b(go|goes|went|gone|going) on\b": "continue",
    r"\b(is|are|was|were|be) over\b": "ends, has ended, is past",
    r"\b(is|are|was|were|be) gone\b": "no longer exists, has closed, is lost",
    # But "came back 5 times", the count of returns that people read.
    r"\b(come|comes|came|coming) back\b(?! (once\b|\S+ times\b|$))": "return, recover, fire again, reopen",
    r"\b(put|puts|putting) (it |them |one )?in place\b": "promote, install",
    r"\b(take|takes|took|taken|taking) (it |them |one )?back\b": "roll back, undo, revoke",
    r"\bof now\b|\bof the past\b": "current, in the past",
    r"\bages? nothing\b": "expires nothing",
    r"\b(somebody|someone|person|people|nobody|who|you) looks? (at|into)\b": "acknowledge",
    r"\bso that\b": "two sentences, or `to`",
    r"\bby itself\b|\bby themselves\b": "automatically, alone",
    r"\b(placed?|places|taken?|takes|asked|made) anew\b|\bmade again\b": "process again, rebuild",
    r"\bnone the less\b|\ball the same\b|\bthe likes? of\b": "still, anyway",
    r"\bwritten down\b|\bwrites? down\b": "record",
    r"\bdoes not matter\b|\bwhatever it\b": "any",
    r"\bwell off\b|\bnot well\b|\bis well\b|\bunwell\b": "healthy, unhealthy",
}
PROSE = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in RETIRED.items()}
# A first line that is a clause names no thing and gives no order.
CLAUSE = re.compile(
    r"(What|Who|Whom|Whose|Whether|How|Which|Where|Wherever|When|Why|That|If|It|They|This|These|Those|There)\b"
)
LONGEST_SUMMARY = 100
# Code in backticks is a name, not prose.
_CODE = re.compile(r"`[^`\n]*`")
# Parts of names that a newcomer cannot guess.
CRYPTIC = {
    "told", "tell", "tells", "telling", "telltale", "teller", "asked", "asks", "ask", "said", "say", "says", "heard",
    "hear", "speak", "spoken", "desk", "shelf", "crew", "lane", "lanes", "vitals", "upkeep",
    "thaw", "thawed", "dumped", "gather", "worth", "placer", "placement", "look", "looks", "doorkeeper",
    "scene", "blame", "chronic", "posted", "condensed",
}  # fmt: skip
# How many are left in a package. A number may only fall; a package that is not listed has none.
ALLOWED_WORDS: dict[str, int] = {
    "aiops/engine": 1,
}
ALLOWED_SUMMARIES: dict[str, int] = {}
ALLOWED_NAMES: dict[str, int] = {
    "aiops/engine": 46,
    "models": 3,
}


def words_in(texts: Iterable[Text]) -> Iterator[tuple[Text, str]]:
    """Yield the retired words in texts, each with what to write instead."""
    for text in texts:
        prose = _CODE.sub(lambda span: " " * len(span.group()), text.words)
        for pattern, instead in PROSE.items():
            for match in pattern.finditer(prose):
                line = text.line + text.words[: match.start()].count("\n")
                yield text, f"{text.path}:{line}: {match.group()!r} (write: {instead})"


def summary_problem(words: str) -> str:
    """Return the fault of a docstring's first line; empty where it has none."""
    first = words.splitlines()[0]
    if CLAUSE.match(first):
        return f"begins with {first.split()[0]!r}: use an imperative or a noun phrase"
    return f"{len(first)} characters, at most {LONGEST_SUMMARY}" if len(first) > LONGEST_SUMMARY else ""


def parts_of(name: str) -> list[str]:
    """Split a name into its lower-case words."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def is_cryptic(name: str) -> bool:
    """Return True if a name holds a word that a newcomer cannot guess."""
    parts = set(parts_of(name))
    return bool(CRYPTIC & parts)


def over(found: Iterable[tuple[Text, str]], allowed: dict[str, int]) -> list[str]:
    """Return the findings of all packages that have more than they are allowed."""
    listed = list(found)
    counts = Counter(text.package for text, _ in listed)
    return [
        f"[{text.package}: {counts[text.package]}, allowed {allowed.get(text.package, 0)}] {problem}"
        for text, problem in listed
        if counts[text.package] > allowed.get(text.package, 0)
    ]


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    """All shipped prose."""
    return list(shipped())


def test_prose_has_no_retired_word(texts: list[Text]) -> None:
    assert len(texts) > 1000
    found = over(words_in(texts), ALLOWED_WORDS)
    assert not found, "\n".join(found)


def test_docstrings_begin_with_an_imperative_or_a_noun(texts: list[Text]) -> None:
    faults = [
        (text, f"{text.path}:{text.line}: {problem}")
        for text in texts
        if text.kind == "docstring" and (problem := summary_problem(text.words))
    ]
    found = over(faults, ALLOWED_SUMMARIES)
    assert not found, "\n".join(found)


def test_names_can_be_guessed() -> None:
    paths = [path for top in ("aiops", "connectors", "models") for path in sorted((ROOT / top).rglob("*.py"))]
    cryptic = [
        (name, f"{name.path}:{name.line}: {name.words}")
        for path in paths
        for name in identifiers(path)
        if is_cryptic(name.words)
    ]
    found = over(cryptic, ALLOWED_NAMES)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "words", ["It is told.", "Says so.", "the rest goes on", "so that it works", "a record of now"]
)
def test_a_retired_word_is_noticed(words: str) -> None:
    assert list(words_in([Text("aiops/cli/app.py", 1, "comment", words)]))


def test_a_clause_is_noticed() -> None:
    assert summary_problem("Whether it works.")
    assert summary_problem("x" * 101)
    assert not summary_problem("Return the newest snapshot.\n\n" + "x" * 200)


def test_parts_of_a_name() -> None:
    assert parts_of("TellTale") == ["tell", "tale"]
    assert parts_of("_is_told") == ["is", "told"]
    assert parts_of("HTTPServer") == ["http", "server"]
