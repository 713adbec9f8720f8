"""Texts are cut to the room that they have, whatever letters they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.text_width import cut, cut_middle, two_lines, width_of

TEXTS = st.one_of(
    st.text(max_size=80), st.sampled_from(["x" * 100_000, "漢" * 99, "a\u202eb", "\x00\ud800", "a-b." * 30])
)
ROOM = st.floats(1, 400)


@given(TEXTS, ROOM, st.booleans())
def test_a_cut_text_has_the_room(text: str, room: float, bold: bool) -> None:
    for found in (cut(text, room, bold=bold), cut_middle(text, room, bold=bold), *two_lines(text, room, bold=bold)):
        assert width_of(found, bold=bold) <= room + 1e-6
        assert "\n" not in found
        assert "\u202e" not in found


@given(TEXTS, ROOM)
def test_only_what_does_not_fit_is_cut(text: str, room: float) -> None:
    found = cut(text, room)
    if "…" not in text and not found.endswith("…") and found:
        assert width_of(found) <= room
    if not found.endswith("…") and found:
        assert len(text) <= 400


def test_the_end_of_a_long_name_is_kept() -> None:
    found = cut_middle("payments-api-7nhp9tcvm-p6hsh", 150)
    assert found.startswith("payments")
    assert found.endswith("p6hsh")
    assert cut_middle("payments-api", 400) == "payments-api"


def test_two_lines_part_at_a_separator() -> None:
    assert two_lines("payments-gateway", 100) == ("payments-", "gateway")
    assert two_lines("a_very_long_name_of_something", 90) == ("a_very_long_", "name_of_so…")
    assert two_lines("x" * 30, 90)[1] == ""


def test_wide_letters_count_as_such() -> None:
    assert width_of("漢") > width_of("W")
    assert width_of("e\u0301") < 2 * width_of("e")
    assert width_of("web", bold=True) > width_of("web")
