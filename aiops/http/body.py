"""Request bodies from clients that may be slow, endless or hostile."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive

# Senders write one member, log shippers a few; each one more copies the rest of the body.
MAX_MEMBERS = 32


class BodyError(Exception):
    """A refused body: the status of the answer and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Budget:
    """Bytes of bodies held at once, over all requests; used from the event loop only.

    Without it, many clients could each send a body just under the limit.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, count: int) -> None:
        """Account for bytes; raise `BodyError` (503: the same body may come again) when there is no room."""
        if self.held + count > self._most:
            raise BodyError(503, f"busy: {self.held} bytes of requests are being read")
        self.held += count

    def give(self, count: int) -> None:
        """Release bytes."""
        self.held -= count


async def read_body(
    receive: Receive, headers: Mapping[str, str], *, most: int, timeout_s: float, budget: Budget
) -> bytes:
    """Return the whole body, still encoded; the caller releases its length in `budget`.

    Raise `BodyError`: 413 over `most` bytes, by the header or as it comes; 408 after `timeout_s` in all; 400 when the
    client went away.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise BodyError(413, f"expected a body of at most {most} bytes; got {declared[:20]}")
    chunks: list[bytes] = []
    taken = 0
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                chunk, more = await _chunk(receive)
                if chunk:
                    if taken + len(chunk) > most:
                        raise BodyError(413, f"expected a body of at most {most} bytes; got more")
                    budget.take(len(chunk))
                    taken += len(chunk)
                    chunks.append(chunk)
                if not more:
                    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    except TimeoutError:
        budget.give(taken)
        raise BodyError(408, f"expected the whole body within {timeout_s:g} s") from None
    except BaseException:
        budget.give(taken)
        raise


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BodyError(400, "the client went away before the end of the body")
    return message.get("body", b""), bool(message.get("more_body", False))


def decoded(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body without its content encoding (gzip, deflate or none), of at most `most` bytes.

    Raise `BodyError`: 413 for one that unpacks to more, 415 for an encoding that is not known, 400 for a broken one.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        return _inflated(body, zlib.MAX_WBITS | 16, most)
    if encoding == "deflate":
        # The standard means a zlib stream; some clients send a raw one. A zlib header is a multiple of 31.
        is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
        return _inflated(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS, most)
    raise BodyError(415, f"expected the content encoding gzip, deflate or none; got {encoding[:40]!r}")


def _inflated(body: bytes, window_bits: int, most: int) -> bytes:
    out: list[bytes] = []
    room = most
    try:
        for _ in range(MAX_MEMBERS):
            if not body:
                return b"".join(out)
            stream: Any = zlib.decompressobj(window_bits)
            part = stream.decompress(body, room + 1)
            room -= len(part)
            if room < 0:
                raise BodyError(413, f"expected a body that unpacks to at most {most} bytes; got more")
            out.append(part)
            if not stream.eof:
                raise BodyError(400, "expected a whole compressed body; it is cut short")
            # A gzip body may have several members.
            body = stream.unused_data
    except zlib.error as error:
        raise BodyError(400, f"expected a compressed body: {error}") from None
    raise BodyError(400, f"expected a compressed body of fewer than {MAX_MEMBERS} members; got more")
