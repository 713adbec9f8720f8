"""The text of a query: words, `"phrases"` and `field:value`, each with a minus in front for "not".

    payments severity:critical,high -owner:alice "no space left" label:env=prod age:<1h

All terms must hold; values with a comma between them are alternatives; a `*` at the end of a value stands for any rest.
The text is hostile: it is read once from left to right, in linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.search.nearest import nearest

MAX_CHARS, MAX_TERMS = 8_000, 40
MAX_VALUE = 300
_QUOTE, _ESCAPE, _MINUS = '"', "\\", "-"
_OPERATORS = {
    "AND": "terms are joined by 'and' already",
    "OR": "write alternatives with commas: service:a,b",
    "NOT": "write a minus in front of what is not wanted: -service:a",
}
SEVERITIES = ("critical", "high", "warning", "info", "ok")
# `recent` is resolved within the last hour; `active` is everything that has not ended.
STATES = ("open", "acknowledged", "snoozed", "recent", "resolved", "merged", "active", "all")
# Fields of incidents, with the values of those that take a few words only.
FIELDS: dict[str, tuple[str, ...]] = {
    "service": (),
    "severity": SEVERITIES,
    "status": STATES,
    "source": (),
    "owner": (),
    "team": (),
    "entity": (),
    "alert": (),
    "label": (),
    "id": (),
    "age": (),
    "storm": ("yes", "no"),
}


class Value(Struct, frozen=True):
    """One alternative; `is_prefix`: it stood with a `*` at its end, which is not part of `text`."""

    text: str
    is_prefix: bool = False
    is_quoted: bool = False


class Term(Struct, frozen=True):
    """A condition that must hold, or must not; `field` is empty for words and phrases."""

    field: str
    values: tuple[Value, ...]
    is_negated: bool = False


class Query(Struct, frozen=True):
    """All terms of a query, in order."""

    terms: tuple[Term, ...] = ()


class Age(Struct, frozen=True):
    """A comparison of the time since an incident opened."""

    is_below: bool
    seconds: float


def read_query(text: str, fields: Mapping[str, tuple[str, ...]] = FIELDS) -> Query:
    """Return the terms of a query; raise `UsageError` that names what does not fit.

    >>> read_query("disk -severity:ok,info").terms[1].is_negated
    True
    """
    if len(text) > MAX_CHARS:
        raise UsageError(f"query: expected at most {MAX_CHARS:,} characters; got {len(text):,}")
    if not _is_text(text):
        raise UsageError(f"query: expected text in UTF-8; got {text[:60]!a}")
    reader, terms = _Reader(text), list[Term]()
    while reader.skip_space():
        terms.append(_term(reader, fields))
        if sum(len(term.values) for term in terms) > MAX_TERMS:
            raise UsageError(f"query: expected at most {MAX_TERMS} words and values; got more")
    return Query(tuple(terms))


def _is_text(text: str) -> bool:
    """Return False for halves of surrogate pairs, by which a shell passes on bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Reader:
    """A place in the text; each character is passed once."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip_space(self) -> bool:
        """Move to the next term; return False at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def takes(self, letter: str) -> bool:
        """Return True if `letter` comes next, and pass it."""
        if self.at < len(self.text) and self.text[self.at] == letter:
            self.at += 1
            return True
        return False

    def value(self, stops: str) -> Value:
        """Return the text up to white space or one of `stops`; quotes hold either together."""
        parts, was_quoted, is_quoted = list[str](), False, False
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter.isspace() or letter in stops:
                break
            self.at += 1
            is_quoted = letter == _QUOTE
            was_quoted = was_quoted or is_quoted
            parts.append(self._quoted() if is_quoted else letter)
        text = "".join(parts)
        is_prefix = text.endswith("*") and not is_quoted
        return Value(text[:-1] if is_prefix else text, is_prefix, was_quoted)

    def _quoted(self) -> str:
        start, parts = self.at, list[str]()
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == _QUOTE:
                return "".join(parts)
            if letter == _ESCAPE and self.at < len(self.text) and self.text[self.at] in (_QUOTE, _ESCAPE):
                letter = self.text[self.at]
                self.at += 1
            parts.append(letter)
        raise UsageError(f"query: expected a quotation mark at the end of {_shown(self.text[start - 1 :])}")


def _term(reader: _Reader, fields: Mapping[str, tuple[str, ...]]) -> Term:
    is_negated = reader.takes(_MINUS)
    head = reader.value(":")
    if not head.is_quoted and not head.is_prefix and head.text.replace("_", "").isalpha() and reader.takes(":"):
        return Term(_field(head.text, reader, fields), _values(head.text, reader, fields), is_negated)
    # A colon inside a word, as in `10.0.0.1:9100`, is part of it.
    rest = reader.value("")
    whole = Value(f"{head.text}{'*' if head.is_prefix and rest.text else ''}{rest.text}",
                  rest.is_prefix or (head.is_prefix and not rest.text), head.is_quoted or rest.is_quoted)  # fmt: skip
    if not whole.text.strip():
        raise UsageError(f"query: expected a word{' after the minus' if is_negated else ''}; got nothing")
    if whole.text in _OPERATORS and not whole.is_quoted:
        raise UsageError(f'query: {_OPERATORS[whole.text]} (to search for the word, write "{whole.text}")')
    return Term("", (_bounded("", whole),), is_negated)


def _field(name: str, reader: _Reader, fields: Mapping[str, tuple[str, ...]]) -> str:
    field = name.lower()
    if field in fields:
        return field
    meant = nearest(field, fields)
    near = f"; did you mean {meant}:?" if meant else f" (known: {', '.join(fields)})"
    rest = reader.value("").text
    raise UsageError(
        f"query: no field {_shown(name)}{near} To search for the text, quote it: {_shown(f'{name}:{rest}')}"
    )


def _values(name: str, reader: _Reader, fields: Mapping[str, tuple[str, ...]]) -> tuple[Value, ...]:
    field, found = name.lower(), list[Value]()
    while True:
        value = reader.value(",")
        if not value.text and not value.is_prefix:
            raise UsageError(f"query: {field}: expected a value after {field}:; got nothing")
        found.append(_CHECKS.get(field, _plain)(field, _bounded(field, value), fields[field]))
        if len(found) > MAX_TERMS or not reader.takes(","):
            return tuple(found)


def _bounded(field: str, value: Value) -> Value:
    if len(value.text) > MAX_VALUE:
        place = f"{field}: " if field else ""
        raise UsageError(f"query: {place}expected at most {MAX_VALUE} characters; got {len(value.text):,}")
    return value


def _plain(field: str, value: Value, known: tuple[str, ...]) -> Value:
    if not known:
        return value
    word = value.text.lower()
    if word in known and not value.is_prefix:
        return Value(word)
    meant = nearest(word, known)
    near = f"; did you mean {field}:{meant}?" if meant else ""
    raise UsageError(f"query: {field}: expected {', '.join(known[:-1])} or {known[-1]}; got {_shown(value.text)}{near}")


def _age(field: str, value: Value, known: tuple[str, ...]) -> Value:
    age_of(value)
    return value


def _label(field: str, value: Value, known: tuple[str, ...]) -> Value:
    if not value.text.partition("=")[0]:
        raise UsageError(f"query: label: expected a name, or name=value; got {_shown(value.text)}")
    return value


def age_of(value: Value) -> Age:
    """Return the age of `<1h`, `>2d` or `30m` (which is `<30m`); raise `UsageError` for anything else.

    >>> age_of(Value(">2d"))
    Age(is_below=False, seconds=172800.0)
    """
    text = value.text
    digits = text.lstrip("<>")
    number, unit = digits[:-1], digits[-1:]
    fits = len(text) - len(digits) <= 1 and not value.is_prefix and unit in ("s", "m", "h", "d")
    if not fits or not (number.isascii() and number.isdigit() and len(number) <= 5):
        raise UsageError(f"query: age: expected an age such as <1h or >2d (s, m, h or d); got {_shown(text)}")
    return Age(not text.startswith(">"), seconds(digits))


_CHECKS: dict[str, Callable[[str, Value, tuple[str, ...]], Value]] = {"age": _age, "label": _label}


def _shown(text: str) -> str:
    """Return a text for an error: one line, cut."""
    return repr(text if len(text) <= 60 else text[:59] + "…")


def quoted(text: str) -> str:
    """Return a text as a value of a query that means exactly it.

    >>> quoted("payments-api"), quoted('a "b", c')
    ('payments-api', '"a \\\\"b\\\\", c"')
    """
    if text and text[0] != _MINUS and not text.endswith("*") and not any(c.isspace() or c in ',:"\\' for c in text):
        return text
    return f'"{text.replace(_ESCAPE, _ESCAPE * 2).replace(_QUOTE, _ESCAPE + _QUOTE)}"'
