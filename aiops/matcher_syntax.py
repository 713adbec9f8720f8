"""The two grammars of matchers: readers of text to (label, operator, value).

`aiops.matchers` chooses between them.

References: https://prometheus.io/docs/alerting/latest/configuration/#matcher and
https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
"""

from __future__ import annotations

from typing import NoReturn

from aiops.errors import UsageError

# The longer ones first: each holds the beginning of another.
_LONGEST_FIRST = ("=~", "!~", "!=", "=")
_RESERVED = frozenset("{}!=~,\\\"'`")
_QUOTES = frozenset("\"'`")
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
# Digits that follow an escape, and their base: `\x41`, `\u00e4`, `\U0001f642`; octal ones have no letter.
_NUMBERED = {"x": (2, 16), "u": (4, 16), "U": (8, 16)}
_OCTAL = frozenset("01234567")

Found = tuple[str, str, str]


def is_bare(text: str) -> bool:
    """Return True if a label needs no quotes.

    >>> is_bare("app.kubernetes.io/name"), is_bare("two words"), is_bare("")
    (True, False, False)
    """
    return bool(text) and not any(_is_reserved(char) for char in text)


def shown(text: str) -> str:
    """Return the text for an error message, cut to a readable length."""
    return repr(text if len(text) <= 120 else text[:117] + "...")


class Reader:
    """The current grammar: labels and values are bare or quoted with Go's escapes; braces are optional."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def matchers(self) -> list[Found]:
        """Read to the end; raise `UsageError` that names the expected text and its position."""
        found: list[Found] = []
        is_braced = self._take("{")
        while self._peek() not in ("", "}"):
            found.append((self.label(), self.operator(), self._token("a value")))
            if not self._take(","):
                break
        if is_braced and not self._take("}"):
            self.fail("a comma or a closing brace")
        if self._peek():
            self.fail("a comma or the end" if found else "a matcher such as service=cart")
        return found

    def label(self) -> str:
        """Read a label."""
        label = self._token("a label")
        return label if label else self.fail("a label that is not empty")

    def operator(self) -> str:
        """Read an operator."""
        self._peek()
        for op in _LONGEST_FIRST:
            if self.text.startswith(op, self.at):
                self.at += len(op)
                return op
        return self.fail(f"an operator ({', '.join(sorted(_LONGEST_FIRST))})")

    def fail(self, expected: str) -> NoReturn:
        """Raise `UsageError` with the position."""
        rest = self.text[self.at :].strip()
        got = shown(rest[:60]) if rest else "the end"
        raise UsageError(f"matcher: expected {expected} at character {self.at + 1} of {shown(self.text)}; got {got}")

    def _token(self, what: str) -> str:
        if self._peek() in _QUOTES:
            return self._quoted()
        start = self.at
        while self.at < len(self.text) and not _is_reserved(self.text[self.at]):
            self.at += 1
        return self.text[start : self.at] if self.at > start else self.fail(what)

    def _quoted(self) -> str:
        start, quote = self.at, self.text[self.at]
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != quote:
            self.at += 2 if self.text[self.at] == "\\" and quote != "`" else 1
        if self.at >= len(self.text):
            self.at = start
            self.fail(f"a closing {quote}")
        body = self.text[start + 1 : self.at]
        self.at += 1
        return body if quote == "`" else self._unescaped(body, quote)

    def _unescaped(self, body: str, quote: str) -> str:
        made, at = bytearray(), 0
        while at < len(body):
            char, at = body[at], at + 1
            if char == "\n":
                self.fail("\\n instead of a line break inside quotes")
            if char == "\\":
                piece, at = self._escape(body, at, quote)
                made += piece
            else:
                made += char.encode("utf-8", "surrogatepass")
        try:
            return made.decode()
        except UnicodeDecodeError:
            self.fail("valid UTF-8 inside quotes")

    def _escape(self, body: str, at: int, quote: str) -> tuple[bytes, int]:
        """Return the bytes of the escape whose backslash stands before `at`, and its end."""
        char = body[at : at + 1]
        if char == quote:
            return char.encode(), at + 1
        if char in _ESCAPES:
            return bytes((_ESCAPES[char],)), at + 1
        start, (count, base) = (at, (3, 8)) if char in _OCTAL else (at + 1, _NUMBERED.get(char, (0, 0)))
        number = _number(body[start : start + count], count, base)
        is_character = char in ("u", "U")
        if not 0 <= number <= (0x10FFFF if is_character else 255) or (is_character and 0xD800 <= number < 0xE000):
            self.fail(f"a known escape instead of \\{char}")
        return chr(number).encode() if is_character else bytes((number,)), start + count

    def _peek(self) -> str:
        """Return the next character that is no blank; empty at the end."""
        while self.at < len(self.text) and _is_space(self.text[self.at]):
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _take(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self.at += 1
        return True


class LooseReader:
    r"""Alertmanager's older grammar: the value is the text between the operator and the next comma.

    A backslash before anything but itself, a quote or `n` is a literal backslash: `pod=~web-\d+` needs no quotes.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def matchers(self) -> list[Found]:
        """Read to the end; raise `UsageError` for text that can only be a typing error."""
        body = self.text.strip()
        if body.startswith("{") and body.endswith("}"):
            body = body[1:-1]
        pieces = _pieces(body)
        if not pieces[-1].strip():
            pieces.pop()
        return [_loose(piece) for piece in pieces]


def _loose(piece: str) -> Found:
    reader = Reader(piece)
    label, op = reader.label(), reader.operator()
    raw = piece[reader.at :].strip()
    if raw.startswith('"'):
        body = raw[1:-1]
        if len(raw) < 2 or raw[-1] != '"' or (len(body) - len(body.rstrip("\\"))) % 2:
            reader.fail('a closing "')
        return label, op, _loose_value(body, reader)
    # A typing error rather than a value: a second operator, quotes that end before the value does, unbalanced braces.
    if raw[:1] in ("=", "~", "!", "'", "`") or raw.count("{") != raw.count("}"):
        reader.fail("the value in double quotes")
    if any("=" in word or "!~" in word for word in raw.split()[1:]):
        reader.fail("a comma before the next matcher, or the value in double quotes")
    return label, op, _loose_value(raw, reader)


def _loose_value(raw: str, reader: Reader) -> str:
    made, at = list[str](), 0
    while at < len(raw):
        char, at = raw[at], at + 1
        following = raw[at : at + 1]
        if char == '"':
            reader.fail('\\" instead of a quote inside the value')
        if char == "\\" and following in ('"', "\\", "n"):
            char, at = "\n" if following == "n" else following, at + 1
        made.append(char)
    return "".join(made)


def _pieces(body: str) -> list[str]:
    """Split at the commas outside double quotes; never empty."""
    pieces, start, is_quoted, at = list[str](), 0, False, 0
    while at < len(body):
        char = body[at]
        if char == "\\":
            at += 1
        elif char == '"':
            is_quoted = not is_quoted
        elif char == "," and not is_quoted:
            pieces.append(body[start:at])
            start = at + 1
        at += 1
    return [*pieces, body[start:]]


def _number(digits: str, count: int, base: int) -> int:
    """Return the number of exactly `count` digits, or -1.

    `int` alone would accept signs, blanks and underscores.
    """
    if not count or len(digits) != count or not (digits.isascii() and digits.isalnum()):
        return -1
    try:
        return int(digits, base)
    except ValueError:
        return -1


def _is_space(char: str) -> bool:
    # Python counts four separators of ASCII that Unicode and Go do not.
    return char.isspace() and char not in "\x1c\x1d\x1e\x1f"


def _is_reserved(char: str) -> bool:
    return char in _RESERVED or _is_space(char)
