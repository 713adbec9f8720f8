"""Matchers in Prometheus' grammar, for silences, playbooks, forms, the command line and the API.

    {alertname=~"High.*", "host.name"="web-1", env!=test}

The braces may be left out. Labels and values are bare or in quotes; in quotes Go's escapes apply. A text that does not
fit this grammar is parsed again as Alertmanager's older one, in which a bare value runs up to the next comma:
`pod=~web-\\d+`, `team=data base`. A text that can only be a typing error (an open quote, a second operator, unbalanced
braces) is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from aiops.errors import UsageError
from aiops.matcher_syntax import LooseReader, Reader, is_bare, shown
from aiops.patterns import MAX_PATTERN_CHARS, MAX_TEXT_CHARS, Expression

OPERATORS = ("=", "!=", "=~", "!~")
# Bounds of one silence or condition; labels and their values have tens of characters.
MAX_MATCHERS, MAX_LABEL_CHARS, MAX_VALUE_CHARS = 32, 1_024, MAX_PATTERN_CHARS
# The longest list of matchers as text, with room for escapes.
MAX_CHARS = 32_768

Question = Callable[[str], bool]


class Matcher(Struct, frozen=True):
    """`label op value`; an absent label is the empty text, and an expression must match the whole value."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        """Return the matcher in a form that parses to itself.

        >>> str(Matcher("host.name", "=~", "a b")), str(Matcher("a b", "=", ""))
        ('host.name=~"a b"', '"a b"=""')
        """
        return f"{self.label if is_bare(self.label) else _quoted(self.label)}{self.op}{_quoted(self.value)}"


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """Parse a list of matchers as people write it; raise `UsageError` that shows what does not fit.

    >>> read_matchers('{env="test", team!=db}')
    (Matcher(label='env', op='=', value='test'), Matcher(label='team', op='!=', value='db'))
    >>> read_matchers("")
    ()
    """
    if len(text) > MAX_CHARS:
        raise UsageError(f"matchers: expected at most {MAX_CHARS} characters; got {len(text)}")
    try:
        found = Reader(text).matchers()
    except UsageError as error:
        try:
            found = LooseReader(text).matchers()
        except UsageError as loose:
            # A text that begins with a brace or a quote is meant in the current grammar.
            raise (error if text.lstrip()[:1] in ("{", '"') else loose) from None
    made = tuple(Matcher(*parts) for parts in found)
    check(made)
    return made


def read_matcher(text: str) -> Matcher:
    """Parse the one matcher of a text; raise `UsageError` if there is none, or more than one.

    >>> read_matcher('alertname=~"High.*"')
    Matcher(label='alertname', op='=~', value='High.*')
    """
    found = read_matchers(text)
    if len(found) != 1:
        raise UsageError(f"matcher: expected one such as service=cart; got {len(found)} in {shown(text)}")
    return found[0]


def check(matchers: Iterable[Matcher]) -> None:
    """Raise `UsageError` for invalid matchers: an unknown operator, a wrong expression, a bound."""
    for one in matchers:
        if one.op not in OPERATORS:
            raise UsageError(f"matcher: unknown operator {one.op[:20]!r} (use one of {', '.join(OPERATORS)})")
        if not 1 <= len(one.label) <= MAX_LABEL_CHARS:
            raise UsageError(f"matcher: expected a label of 1 to {MAX_LABEL_CHARS} characters; got {len(one.label)}")
        if len(one.value) > MAX_VALUE_CHARS:
            raise UsageError(f"matcher: expected a value of at most {MAX_VALUE_CHARS} characters; got {len(one.value)}")
        question(one)


def check_selective(matchers: Iterable[Matcher]) -> None:
    """Raise `UsageError` for matchers that all match an alert without labels.

    Such matchers would hide unintended alerts.
    """
    found = list(matchers)
    if not 1 <= len(found) <= MAX_MATCHERS:
        raise UsageError(f"matchers: expected 1 to {MAX_MATCHERS}; got {len(found)}")
    if all(question(one)("") for one in found):
        raise UsageError(
            f"matchers: {shown(', '.join(map(str, found)))} match every alert that lacks these labels; "
            "add one that does not match the empty text, such as service=cart"
        )


def question(matcher: Matcher, compiled: Callable[[str], Expression] = Expression) -> Question:
    """Return the test of a label's value; raise `UsageError` for an invalid expression.

    A value too long to be examined is matched by neither `=~` nor `!~`. `compiled` returns the expression of a pattern.
    """
    wanted = matcher.value
    if matcher.op == "=":
        return lambda value: value == wanted
    if matcher.op == "!=":
        return lambda value: value != wanted
    matches = compiled(wanted).matches
    if matcher.op == "=~":
        return lambda value: len(value) <= MAX_TEXT_CHARS and matches(value)
    return lambda value: len(value) <= MAX_TEXT_CHARS and not matches(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'"{escaped}"'
