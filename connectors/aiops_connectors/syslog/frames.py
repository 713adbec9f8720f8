"""Messages of a TCP stream: counted, or one a line (RFC 6587), by what each sender writes."""

from __future__ import annotations

# Digits of a length; longer is no length.
_MAX_DIGITS = 7


class Frames:
    """Cut a stream into messages; holds at most one message of `most` bytes.

    A longer message is cut, and the rest of it is dropped; `cut` counts them.

    >>> frames = Frames(100)
    >>> frames.feed(b"5 <1>ab<2>one\\n<3>t"), frames.feed(b"wo\\n")
    ([b'<1>ab', b'<2>one'], [b'<3>two'])
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rest = b""
        # Bytes of a message that was too long and has not ended yet; -1: up to the end of its line.
        self._skip = 0
        self.cut = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that end in `data`."""
        self._rest += data
        found: list[bytes] = []
        while self._rest and self._skipped() and (one := self._next()) is not None:
            if one.strip(b"\x00\r\n "):
                found.append(one)
        return found

    def end(self) -> list[bytes]:
        """Return what is left when the stream ends without an end of line."""
        rest, self._rest = self._rest, b""
        return [rest[: self._most]] if not self._skip and rest.strip(b"\x00\r\n ") else []

    def _skipped(self) -> bool:
        """Drop what is left of a message that was too long; return True once it has ended."""
        if self._skip > 0:
            dropped = min(self._skip, len(self._rest))
            self._skip -= dropped
            self._rest = self._rest[dropped:]
            return self._skip == 0 and bool(self._rest)
        if self._skip < 0:
            _, end, rest = self._rest.partition(b"\n")
            self._rest, self._skip = (rest, 0) if end else (b"", -1)
        return self._skip == 0

    def _next(self) -> bytes | None:
        digits, space, rest = self._rest[: _MAX_DIGITS + 1].partition(b" ")
        if digits.isdigit() and (space or len(self._rest) <= _MAX_DIGITS):
            return self._counted(int(digits), len(digits) + 1) if space else None
        line, end, rest = self._rest.partition(b"\n")
        if len(line) > self._most:
            self.cut += 1
            self._rest, self._skip = (rest, 0) if end else (b"", -1)
            return line[: self._most]
        if not end:
            return None
        self._rest = rest
        return line

    def _counted(self, length: int, at: int) -> bytes | None:
        if length > self._most:
            if len(self._rest) < at + self._most:
                return None
            self.cut += 1
            one, self._rest = self._rest[at : at + self._most], self._rest[at + self._most :]
            self._skip = length - self._most
            return one
        if len(self._rest) < at + length:
            return None
        one, self._rest = self._rest[at : at + length], self._rest[at + length :]
        return one
