"""Conditions of a playbook in words, each with the expression that decides."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aiops.respond.format import Match, Matcher
from aiops.wording import listed

# Alternatives that are read; the expression has all.
MAX_WORDS = 8
# Texts that one expression may stand for; one that stands for more is shown as it is.
MAX_EXPANDED = 200
_SPECIAL = frozenset("\\]{}+*?^$")
_LABELS = {
    "name": "name",
    "alertname": "name",
    "words": "name",
    "text": "name or message",
    "message": "message",
    "entity": "entity",
    "service": "service",
    "severity": "severity",
    "source": "source",
}


class MatchLine(Struct):
    """One condition in words, and the expressions behind it, empty if the words are all of it."""

    words: str
    expressions: list[str] = []


def match_lines(match: Match) -> list[MatchLine]:
    """Return the conditions: what fits first, then what must hold as well, and what excludes."""
    lines = [_group("An alert", match.alert)] if match.alert else []
    for number, group in enumerate(match.any_alert):
        start = "An alert" if not number and not match.alert else "Or an alert" if number else "And an alert"
        lines.append(_group(start, group))
    if match.change:
        start = "Or a" if lines else "A"
        lines.append(MatchLine(f"{start} {_either(match.change)} of the suspected cause shortly before"))
    lines += [_group("Not if an alert", group) for group in match.no_alert]
    return lines + _context(match)


def _context(match: Match) -> list[MatchLine]:
    cause, incident, found = match.cause, match.incident, []
    if cause.kind:
        found.append(f"The suspected cause is a {_either(cause.kind)}")
    if cause.class_:
        found.append(f"The alerts on the suspected cause are about {_either(cause.class_)}")
    if cause.min_confidence:
        found.append(f"The confidence in the cause is at least {cause.min_confidence}")
    if incident.min_severity:
        found.append(f"The incident is at least {incident.min_severity}")
    if incident.max_targets:
        found.append(f"At most {incident.max_targets} of its entities have such alerts")
    return [MatchLine(text) for text in found]


def _group(start: str, group: Sequence[Matcher]) -> MatchLine:
    parts = [_words(one) for one in group]
    expressions = [f"{one.label}{one.op}{one.value}" for one in group if one.op in ("=~", "!~")]
    return MatchLine(f"{start} whose {' and whose '.join(parts)}", expressions)


def _words(one: Matcher) -> str:
    label = _LABELS.get(one.label, f"label {one.label}")
    if one.op in ("=", "!="):
        return f"{label} is {'not ' if one.op == '!=' else ''}{one.value or 'empty'}"
    pieces = [_piece(part) for part in _top_level(one.value) if part]
    if not pieces:
        return f"{label} is {'not ' if one.op == '!~' else ''}anything"
    return f"{label} has {'not ' if one.op == '!~' else ''}{', then '.join(pieces)}"


def _top_level(expression: str) -> list[str]:
    """Split an expression at each `.*` outside of brackets."""
    parts, depth, begin, at = [], 0, 0, 0
    while at < len(expression):
        depth += {"(": 1, ")": -1}.get(expression[at], 0)
        if not depth and expression.startswith(".*", at):
            parts.append(expression[begin:at])
            begin = at = at + 2
        else:
            at += 1
    return [*parts, expression[begin:]]


def _piece(part: str) -> str:
    """Return a piece of an expression as words; one that cannot be put into words stays as it is.

    >>> from aiops.views.match_words import _piece
    >>> _piece("(brute ?force|auth(entication)? fail|disk (full|filling))"), _piece(r"\\d+ left")
    ('brute force, auth fail, disk full or disk filling', '“\\\\d+ left”')
    """
    words = _Expansion(part).words()
    return f"“{part}”" if words is None else _either(words)


class _Expansion:
    """The texts that an expression of words and brackets stands for, without optional letters."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def words(self) -> list[str] | None:
        """Return the texts, each once; None for an expression that is more than that."""
        try:
            found = self._alternatives()
        except ValueError:
            return None
        if self._at < len(self._text):
            return None
        return list(dict.fromkeys(word for each in found if (word := " ".join(each.split()))))

    def _alternatives(self) -> list[str]:
        found = self._sequence()
        while self._text.startswith("|", self._at):
            self._at += 1
            found += self._sequence()
        return found

    def _sequence(self) -> list[str]:
        found = [""]
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts = self._item()
            found = [before + part for before in found for part in parts]
            if len(found) > MAX_EXPANDED:
                raise ValueError
        return found

    def _item(self) -> list[str]:
        parts = self._atom()
        if self._text.startswith("?", self._at):
            self._at += 1
            return parts if parts == [" "] else [""]
        return parts

    def _atom(self) -> list[str]:
        if self._text.startswith(".*", self._at):
            self._at += 2
            return [" … "]
        if self._text.startswith("\\b", self._at):
            # The edge of a word: whoever reads the words takes it for granted.
            self._at += 2
            return [""]
        letter = self._text[self._at]
        self._at += 1
        if letter == "(":
            self._at += 2 if self._text.startswith("?:", self._at) else 0
            found = self._alternatives()
            if not self._text.startswith(")", self._at):
                raise ValueError
            self._at += 1
            return found
        if letter == "[":
            return [self._one_of()]
        if letter in _SPECIAL:
            raise ValueError
        return [letter]

    def _one_of(self) -> str:
        """Return the first letter of a class such as `[sz]`."""
        inside, bracket, _ = self._text[self._at :].partition("]")
        if not bracket or not inside.isalnum():
            raise ValueError
        self._at += len(inside) + 1
        return inside[0]


def _either(words: Sequence[str]) -> str:
    if len(words) > MAX_WORDS:
        return listed(list(words), MAX_WORDS)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "anything"
