"""Notices: shown once, to the browser that acted, on the page that follows; bounded."""

from __future__ import annotations

from aiops.pages import notices
from aiops.pages.notices import Notice, Notices


def test_a_notice_is_for_one_browser_and_one_page_and_is_shown_once() -> None:
    held = Notices()
    held.put("a", "/silences", Notice("Added."))
    assert held.take("b", "/silences") is None
    assert held.take("a", "/") is None
    assert held.take("a", "/silences") == Notice("Added.")
    assert held.take("a", "/silences") is None


def test_a_browser_without_a_name_gets_none() -> None:
    held = Notices()
    held.put("", "/", Notice("x"))
    assert held.take("", "/") is None


def test_the_oldest_leaves_when_there_are_too_many() -> None:
    held = Notices()
    for number in range(notices.MAX_HELD + 1):
        held.put(f"b{number}", "/", Notice(str(number)))
    assert held.take("b0", "/") is None
    assert held.take("b1", "/") == Notice("1")
