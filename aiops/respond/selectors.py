r"""Selectors of PromQL and LogQL: values of parameters as quoted literals at marked places.

A query is fixed text of its author. `$selector` stands inside braces and outside of string literals; it becomes the
matchers, joined by commas. A string literal in double quotes has Go's escapes in both languages
(https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals,
https://grafana.com/docs/loki/latest/query/log_queries/), so a value is written as one: backslash and quote with a
backslash, and every character that is not printable ASCII as `\u` or `\U`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiops.errors import UsageError
from aiops.respond.collectors import LabelMatch
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import PLACEHOLDER, fill, plain

MARK = "$selector"
# What a regular expression of RE2 takes literally after a backslash (`regexp.QuoteMeta`).
_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def literal(text: str) -> str:
    r"""Return a string literal in double quotes, all in printable ASCII.

    >>> print(literal('a"} or up{b="\\'), literal("é"))
    "a\"} or up{b=\"\\" "\u00e9"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def quoted(text: str) -> str:
    r"""Return a regular expression of RE2 that matches exactly a text.

    >>> print(quoted("cart-1.shop"))
    cart-1\.shop
    """
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in text)


def with_selector(query: str, selector: Sequence[LabelMatch], values: Mapping[str, Scalar]) -> str:
    """Return the query with its matchers; raise `UsageError` for a place or a value that does not fit."""
    places = marks_of(query)
    if bool(places) != bool(selector):
        raise UsageError(f"query: expected {MARK} in it exactly if there is a selector; got {query!r}")
    text = ",".join(_matcher(one, values) for one in selector)
    made, end = "", 0
    for place in places:
        made += query[end:place] + text
        end = place + len(MARK)
    return made + query[end:]


def marks_of(query: str) -> list[int]:
    """Return the places of `$selector`; raise `UsageError` for one outside of braces or inside a string.

    >>> marks_of("up{$selector}")
    [3]
    """
    places, depth, quote, at = [], 0, "", 0
    while at < len(query):
        char = query[at]
        if query.startswith(MARK, at):
            if quote or depth != 1:
                raise UsageError(f"query: expected {MARK} inside braces and outside of quotes; got {query!r}")
            places.append(at)
            at += len(MARK)
            continue
        if quote:
            # A raw string in backticks has no escapes.
            at += char == "\\" and quote != "`"
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char == "#":
            raise UsageError(f"query: expected no comment in it; got {query!r}")
        else:
            depth += (char == "{") - (char == "}")
        at += 1
    if quote or depth:
        raise UsageError(f"query: expected quotes and braces to be closed; got {query!r}")
    return places


def _matcher(one: LabelMatch, values: Mapping[str, Scalar]) -> str:
    value = plain(fill(one.value, values))
    if one.op in ("=~", "!~"):
        # Only what the author wrote is an expression.
        value = (quoted(value) if PLACEHOLDER.search(one.value) else value) + one.then
    elif one.then:
        raise UsageError(f"selector: expected `then` with =~ or !~ only; got {one.op} for {one.label}")
    return f"{one.label}{one.op}{literal(value)}"


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if " " <= char <= "~":
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise UsageError("selector: expected text in Unicode; got half of a surrogate pair")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
