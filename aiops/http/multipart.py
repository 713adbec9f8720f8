"""Forms with a file (`multipart/form-data`, RFC 7578), read as they come: no part is held in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from aiops.http.body import BodyError

MAX_HEADER_BYTES = 8 << 10
# A browser's boundary has 38 characters; the standard allows 70.
_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?\s*$', re.ASCII)
_PARAMETER = re.compile(rb';[ \t]*(name|filename)="([^"]*)"')


class Parts:
    """The parts of a form in their order; read each to its end, or continue with the next."""

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        """Raise `BodyError` (415) for another content type."""
        found = _BOUNDARY.match(content_type)
        if found is None:
            raise BodyError(415, "expected a form with a file (multipart/form-data)")
        self._delimiter = b"\r\n--" + found.group(1).rstrip().encode()
        self._chunks = chunks
        # The first delimiter has no line before it.
        self._held = b"\r\n"
        self._inside = True
        self._ended = False

    async def next(self) -> tuple[str, str | None] | None:
        """Return the name of the next part, and its file's name if it is a file; None behind the last one.

        Raise `BodyError` (400) for a form that is broken or cut short.
        """
        if self._ended:
            return None
        async for _ in self.content():
            continue
        mark = await self._exactly(2)
        if mark == b"--":
            self._ended = True
            return None
        if mark != b"\r\n":
            raise BodyError(400, "form: expected a part after its boundary")
        head = await self._head()
        self._inside = True
        found = dict(_PARAMETER.findall(head))
        if b"name" not in found:
            raise BodyError(400, "form: expected a name for each part")
        name, filename = found[b"name"].decode("utf-8", "replace"), found.get(b"filename")
        return name, filename.decode("utf-8", "replace") if filename is not None else None

    async def content(self) -> AsyncIterator[bytes]:
        """Yield what is left of the present part."""
        keep = len(self._delimiter) - 1
        while self._inside:
            before, found, after = self._held.partition(self._delimiter)
            if found:
                self._held, self._inside = after, False
                if before:
                    yield before
                return
            if len(self._held) > keep:
                # The end may be the beginning of a delimiter.
                chunk, self._held = self._held[:-keep], self._held[-keep:]
                yield chunk
            await self._more()

    async def text(self, most: int) -> str:
        """Return the present part as text; raise `BodyError` (413) beyond `most` bytes."""
        taken = b""
        async for chunk in self.content():
            taken += chunk
            if len(taken) > most:
                raise BodyError(413, f"form: expected a field of at most {most} bytes; got more")
        return taken.decode("utf-8", "replace")

    async def _head(self) -> bytes:
        while b"\r\n\r\n" not in self._held:
            if len(self._held) > MAX_HEADER_BYTES:
                raise BodyError(400, f"form: expected headers of at most {MAX_HEADER_BYTES} bytes; got more")
            await self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head

    async def _exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            await self._more()
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    async def _more(self) -> None:
        try:
            self._held += await anext(self._chunks)
        except StopAsyncIteration:
            raise BodyError(400, "form: expected its end; it is cut short") from None
