"""Messages of a stream, however it is cut into reads."""

from __future__ import annotations

from aiops_connectors.syslog.frames import Frames
from hypothesis import given
from hypothesis import strategies as st

MESSAGE = st.binary(min_size=1, max_size=30).filter(lambda raw: raw.strip(b"\x00\r\n ") == raw and b"\n" not in raw)
WORDS = MESSAGE.map(lambda raw: b"<1>" + raw)


def read(stream: bytes, cuts: list[int], most: int = 1_000) -> tuple[list[bytes], Frames]:
    frames = Frames(most)
    found: list[bytes] = []
    at = 0
    for length in [*cuts, len(stream)]:
        found += frames.feed(stream[at : at + length])
        at += length
    return found + frames.end(), frames


@given(st.lists(st.tuples(WORDS, st.booleans())), st.lists(st.integers(1, 40)))
def test_counted_messages_and_lines_come_whole(messages: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    stream = b"".join(b"%d %s" % (len(raw), raw) if counted else raw + b"\n" for raw, counted in messages)
    assert read(stream, cuts)[0] == [raw for raw, _ in messages]


@given(st.binary(max_size=400), st.lists(st.integers(1, 40)))
def test_any_stream_is_cut_within_bounds(stream: bytes, cuts: list[int]) -> None:
    found, _ = read(stream, cuts, most=50)
    assert all(0 < len(one) <= 50 for one in found)


@given(st.lists(st.integers(1, 40)), st.booleans())
def test_a_long_message_is_cut_and_the_next_one_comes(cuts: list[int], counted: bool) -> None:
    long = b"<1>" + b"x" * 200
    stream = (b"%d %s" % (len(long), long) if counted else long + b"\n") + b"<2>next\n"
    found, frames = read(stream, cuts, most=50)
    assert found == [long[:50], b"<2>next"]
    assert frames.cut == 1


def test_an_unfinished_counted_message_is_kept_at_the_end() -> None:
    assert read(b"99 <1>half", [])[0] == [b"99 <1>half"]
