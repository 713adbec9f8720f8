"""Pictures of at most 256 colours: a page has few, and its picture is then a third of what a browser writes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256


def smaller(png: bytes) -> bytes:
    """The same picture with a palette; colours beyond 256 become the nearest one of it."""
    return encode(*reduced(decode(png)))


def decode(png: bytes) -> Pixels:
    """The pixels of a PNG with 8 bits a channel, as browsers write it: rows, columns, red-green-blue."""
    chunks = list(_chunks(png))
    header = next(body for kind, body in chunks if kind == b"IHDR")
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    channels = {2: 3, 6: 4}[header[9]]
    raw = np.frombuffer(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), np.uint8)
    lines = raw.reshape(height, 1 + width * channels)
    found = np.zeros((height, width * channels), np.uint8)
    above = np.zeros(width * channels, np.uint8)
    for row, line in enumerate(lines):
        above = found[row] = _unfiltered(int(line[0]), line[1:], above, channels)
    return found.reshape(height, width, channels)[:, :, :3]


def _unfiltered(kind: int, line: Pixels, above: Pixels, step: int) -> Pixels:
    """A row as it was before its filter (PNG, section 9.2)."""
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    # What the last two filters add depends on the pixel before.
    done, over = [0] * step + line.tolist(), [0] * step + above.tolist()
    for at in range(step, len(done)):
        left, up, corner = done[at - step], over[at], over[at - step]
        done[at] = (done[at] + ((left + up) // 2 if kind == 3 else _paeth(left, up, corner))) & 255
    return np.array(done[step:], np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


def reduced(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The index of each pixel's colour, and the palette: the commonest colours, and those that are far from them."""
    height, width, _ = pixels.shape
    colours, which, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-counts)
    kept = [int(order[0])]
    # Each further colour is the one that matters most: common, and unlike all that were chosen.
    distance = _far(colours, colours[kept[0]])
    while len(kept) < min(COLOURS, len(colours)):
        kept.append(int(np.argmax(np.sqrt(counts) * distance)))
        distance = np.minimum(distance, _far(colours, colours[kept[-1]]))
    palette = colours[kept]
    nearest = np.array([int(np.argmin(_far(palette, one))) for one in colours], np.uint8)
    return nearest[which.reshape(-1)].reshape(height, width), palette


def _far(colours: Pixels, one: Pixels) -> npt.NDArray[np.float64]:
    return np.asarray(((colours.astype(float) - one.astype(float)) ** 2).sum(axis=1))


def encode(indices: Pixels, palette: Pixels) -> bytes:
    """A PNG of a palette."""
    height, width = indices.shape
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 3, 0, 0, 0])
    lines = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1)
    written = [
        (b"IHDR", header),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in written
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length
