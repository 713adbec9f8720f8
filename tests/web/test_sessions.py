"""Sessions: how long they last, how many there are, and what their token may do."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from starlette.requests import Request
from starlette.responses import Response

from aiops.http.auth import Guard, Refusal, Scope, Token, new_token, token_hash
from aiops.web import sessions
from aiops.web.sessions import COOKIE, LIFE_S, SessionGuard

READER, WRITER, SENDER = new_token(), new_token(), new_token()
TOKENS = [
    Token("reader", ["read"], token_hash(READER)),
    Token("writer", ["write"], token_hash(WRITER)),
    Token("sender", ["ingest"], token_hash(SENDER)),
]


class Clock:
    def __init__(self) -> None:
        self.now = 1_772_400_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> SessionGuard:
    return SessionGuard(Guard(TOKENS, "127.0.0.1"), clock)


def request(cookie: str | None = None, method: str = "GET", **headers: str) -> Request:
    """A request of a browser to 127.0.0.1:8640, with the cookie of a session."""
    given = {"host": "127.0.0.1:8640", **headers}
    if cookie is not None:
        given["cookie"] = f"{COOKIE}={cookie}"
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw})


def sign_in(door: SessionGuard, secret: str, before: str | None = None) -> str:
    response = Response()
    assert door.login(secret, request(before), response)
    found = next(value for name, value in response.raw_headers if name == b"set-cookie")
    return SimpleCookie(found.decode())[COOKIE].value


def status(found: Token | Refusal | None) -> int:
    return found.status if isinstance(found, Refusal) else 200


def test_a_session_lasts_for_a_shift_and_not_a_second_longer(door: SessionGuard, clock: Clock) -> None:
    cookie = sign_in(door, WRITER)
    clock.now += LIFE_S - 0.5
    assert status(door.check(request(cookie), "read")) == 200
    assert door.is_signed_in(request(cookie))
    clock.now += 0.5
    assert status(door.check(request(cookie), "read")) == 401
    assert not door.is_signed_in(request(cookie))


def test_using_a_session_does_not_make_it_longer(door: SessionGuard, clock: Clock) -> None:
    cookie = sign_in(door, WRITER)
    for _ in range(13):
        clock.now += LIFE_S / 12
        door.check(request(cookie), "read")
    assert status(door.check(request(cookie), "read")) == 401


@pytest.mark.parametrize(
    ("secret", "allowed"),
    [(READER, {"read"}), (WRITER, {"read", "write"}), (SENDER, {"ingest"})],
    ids=["reader", "writer", "sender"],
)
def test_a_session_may_do_what_its_token_may(door: SessionGuard, secret: str, allowed: set[Scope]) -> None:
    cookie = sign_in(door, secret)
    own = {"origin": "http://127.0.0.1:8640", "sec-fetch-site": "same-origin"}
    scopes: tuple[Scope, ...] = ("read", "write", "ingest")
    for scope in scopes:
        for method in ("GET", "POST"):
            assert status(door.check(request(cookie, method, **own), scope)) == (200 if scope in allowed else 403)


@pytest.mark.parametrize(
    ("secret", "allowed"),
    [(READER, {"read"}), (WRITER, {"read", "write"}), (SENDER, {"ingest"}), ("wrong", set())],
    ids=["reader", "writer", "sender", "wrong"],
)
def test_a_bearer_token_may_do_what_its_scopes_say(door: SessionGuard, secret: str, allowed: set[Scope]) -> None:
    scopes: tuple[Scope, ...] = ("read", "write", "ingest")
    for scope in scopes:
        found = door.check(request(authorization=f"Bearer {secret}"), scope)
        refused = 401 if secret == "wrong" else 403
        assert status(found) == (200 if scope in allowed else refused)


def test_a_request_that_names_a_token_is_judged_by_it(door: SessionGuard) -> None:
    """A cookie does not help a program with a token of its own."""
    cookie = sign_in(door, WRITER)
    own = {"origin": "http://127.0.0.1:8640", "sec-fetch-site": "same-origin"}
    found = door.check(request(cookie, "POST", authorization=f"Bearer {READER}", **own), "write")
    assert status(found) == 403


def test_a_change_must_come_from_a_page_of_ours(door: SessionGuard) -> None:
    cookie = sign_in(door, WRITER)
    assert status(door.check(request(cookie, "POST"), "write")) == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert status(door.check(request(cookie, "POST", **headers), "write")) == 403


def test_signing_out_ends_the_session_and_no_other(door: SessionGuard) -> None:
    one, other = sign_in(door, WRITER), sign_in(door, WRITER)
    door.logout(request(one), Response())
    assert status(door.check(request(one), "read")) == 401
    assert status(door.check(request(other), "read")) == 200


def test_signing_in_again_ends_the_session_before(door: SessionGuard) -> None:
    one = sign_in(door, READER)
    other = sign_in(door, WRITER, before=one)
    assert status(door.check(request(one), "read")) == 401
    assert status(door.check(request(other), "read")) == 200


def test_sessions_are_bounded_and_the_oldest_goes(door: SessionGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    cookies = [sign_in(door, READER) for _ in range(4)]
    assert [status(door.check(request(cookie), "read")) for cookie in cookies] == [401, 200, 200, 200]


def test_cookies_are_not_kept_as_they_are(door: SessionGuard) -> None:
    """Who reads the memory of the process cannot use what is in it."""
    cookie = sign_in(door, READER)
    assert cookie not in repr(door._sessions)
    assert len(cookie) >= 40


def test_an_unknown_cookie_is_no_session(door: SessionGuard) -> None:
    assert status(door.check(request("x" * 43), "read")) == 401
    assert not door.login("wrong", request(), Response())
