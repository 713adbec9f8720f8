"""Tokens in forms: for one browser, one session, one process."""

from __future__ import annotations

import pytest

from aiops.web.formtokens import COOKIE, FormTokens, new_browser


def test_token_holds_for_its_browser_and_session() -> None:
    tokens = FormTokens()
    token = tokens.token("browser", "session")
    assert tokens.holds(token, {COOKIE: "browser"}, "session")
    assert token == tokens.token("browser", "session")


@pytest.mark.parametrize(
    ("cookies", "session"),
    [
        ({COOKIE: "other"}, "session"),
        ({COOKIE: "browser"}, "another"),
        ({COOKIE: "browser"}, ""),
        ({COOKIE: ""}, "session"),
        ({}, "session"),
        ({"browser": "browser"}, "session"),
        ({COOKIE: "browser\nsession"}, ""),
    ],
)
def test_token_of_another_browser_or_session_does_not_hold(cookies: dict[str, str], session: str) -> None:
    tokens = FormTokens()
    assert not tokens.holds(tokens.token("browser", "session"), cookies, session)


def test_browser_without_a_cookie_has_no_token_that_holds() -> None:
    """Else whoever can predict the token of the empty name could forge a first visit."""
    tokens = FormTokens()
    assert not tokens.holds(tokens.token("", ""), {}, "")


def test_token_of_another_process_does_not_hold() -> None:
    assert not FormTokens().holds(FormTokens().token("b", "s"), {COOKIE: "b"}, "s")


@pytest.mark.parametrize("given", ["", "x", "ä", "\ud800", "0" * 64])
def test_any_text_may_be_given(given: str) -> None:
    assert not FormTokens().holds(given, {COOKIE: "b"}, "s")


def test_any_session_may_be_given() -> None:
    tokens = FormTokens()
    assert tokens.holds(tokens.token("b\ud800", "ä"), {COOKIE: "b\ud800"}, "ä")


def test_new_browsers_have_names_of_their_own() -> None:
    names = {new_browser() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) >= 32 and name.isascii() for name in names)
