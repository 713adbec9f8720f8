"""Bodies: what is unpacked is bounded while it is unpacked, not only afterwards."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from aiops.http.body import MAX_MEMBERS, BodyError, decoded

MOST = 100_000


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


BOMB = b"\x00" * 50_000_000


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [("gzip", gzip.compress(BOMB, mtime=0)), ("deflate", zlib.compress(BOMB)), ("deflate", raw_deflate(BOMB))],
    ids=["gzip", "zlib", "raw"],
)
def test_a_bomb_takes_no_more_memory_than_a_body_may(encoding: str, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BodyError, match="unpacks to at most") as caught:
            decoded(bomb, encoding, MOST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.status == 413
    assert peak < 5 * MOST + len(bomb) * 2


def test_members_share_the_bound_and_are_counted() -> None:
    assert decoded(gzip.compress(b"x") * (MAX_MEMBERS - 1), "gzip", MOST) == b"x" * (MAX_MEMBERS - 1)
    with pytest.raises(BodyError, match="fewer than 32 members"):
        decoded(gzip.compress(b"x") * (MAX_MEMBERS + 1), "gzip", MOST)
    assert len(decoded(gzip.compress(b"x" * (MOST // 2)) * 2, "gzip", MOST)) == MOST
    with pytest.raises(BodyError, match="unpacks to at most"):
        decoded(gzip.compress(b"x" * (MOST // 2 + 1)) * 2, "gzip", MOST)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "zstd", "compress", "gzip;q=1"])
def test_encodings_that_are_not_known_are_refused(encoding: str) -> None:
    with pytest.raises(BodyError) as caught:
        decoded(gzip.compress(b"{}"), encoding, MOST)
    assert caught.value.status == 415
