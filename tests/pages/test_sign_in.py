"""Signing in: its cookies, the tokens of forms, and the bound on wrong tries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.attempts import BURST, EVERY_S, MAX_CLIENTS, Attempts
from aiops.http.auth import Token, new_token, token_hash
from aiops.web import sessions

SECRET, OTHER = new_token(), new_token()
TOKENS = [Token("ann", ["write"], token_hash(SECRET)), Token("bob", ["write"], token_hash(OTHER))]


class Clock:
    def __init__(self) -> None:
        self.now = 1_772_400_000.0

    def __call__(self) -> float:
        return self.now


def sign_in(site: Any, secret: str = SECRET) -> Any:
    return site.client.post("/login", data={"token": secret}, headers=site.origin)


def cookies(answer: Any) -> dict[str, set[str]]:
    """The attributes of each cookie that an answer sets."""
    found = [line.split("; ") for line in answer.headers.get_list("set-cookie")]
    return {parts[0].partition("=")[0]: {part.lower() for part in parts[1:]} for parts in found}


@pytest.mark.parametrize(
    ("url", "path", "secure"),
    [
        ("", "path=/", False),
        ("http://127.0.0.1/aiops", "path=/aiops", False),
        ("https://ops.example.org", "path=/", True),
        ("https://ops.example.org/tools/aiops/", "path=/tools/aiops", True),
    ],
)
def test_cookies_are_kept_from_scripts_and_from_other_sites(
    tmp_path: Path, serve: Callable[..., Any], url: str, path: str, secure: bool
) -> None:
    with serve(tmp_path, TOKENS, url) as site:
        answer = site.client.get("/login")
        form = cookies(answer)["aiops_form"]
        assert {"httponly", "samesite=lax", path} <= form
        assert ("secure" in form) == secure
        # The test's client keeps to the rules and sends no Secure cookie back; a browser has the prefix of a proxy.
        site.client.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
        session = cookies(sign_in(site))["aiops_session"]
        assert {"httponly", "samesite=strict", path} <= session
        assert ("secure" in session) == secure


def test_a_form_needs_the_token_of_its_browser_and_session(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        before = site.origin
        assert sign_in(site).status_code == 303
        resolve = f"/incidents/{site.incident}/resolve"
        mine = site.origin
        for wrong in ("", "0" * 64, mine["x-csrf-token"][:-1], "é", before["x-csrf-token"]):
            answer = site.client.post(resolve, data={"csrf": wrong}, headers={"origin": mine["origin"]})
            assert answer.status_code == 403
            assert "load the page again" in answer.text
        browser = site.client.cookies["aiops_form"]
        site.client.cookies.set("aiops_form", "another", domain="127.0.0.1", path="/")
        assert site.client.post(resolve, data={"message": "x"}, headers=mine).status_code == 403
        site.client.cookies.set("aiops_form", browser, domain="127.0.0.1", path="/")
        assert sign_in(site, OTHER).status_code == 303
        stale = site.client.post(resolve, data={"message": "x"}, headers=mine)
        assert stale.status_code == 403
        site.client.cookies.delete("aiops_form")
        fields = {"csrf": mine["x-csrf-token"]}
        assert site.client.post(resolve, data=fields, headers={"origin": mine["origin"]}).status_code == 403
        own = site.origin
        fields = {"csrf": own.pop("x-csrf-token")}
        assert site.client.post(resolve, data=fields, headers=own).status_code == 303


def test_signing_in_and_out_take_own_forms_only(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        own = site.origin
        for headers in ({}, {"origin": own["origin"]}, {**own, "origin": "https://evil.example"}):
            assert site.client.post("/login", data={"token": SECRET}, headers=headers).status_code == 403
        assert sign_in(site).status_code == 303
        assert site.client.post("/logout", data={"x": "y"}, headers={"origin": own["origin"]}).status_code == 403
        assert site.client.get("/").status_code == 200
        session = site.client.cookies["aiops_session"]
        assert site.client.post("/logout", data={"x": "y"}, headers=site.origin).status_code == 303
        site.client.cookies.set("aiops_session", session)
        assert site.client.get("/").headers["location"] == "/login"


def test_a_session_ends(tmp_path: Path, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LIFE_S", 0.0)
    with serve(tmp_path, TOKENS) as site:
        answer = sign_in(site)
        assert answer.status_code == 303
        site.client.cookies.set("aiops_session", answer.headers["set-cookie"].partition("=")[2].partition(";")[0])
        assert site.client.get("/").headers["location"] == "/login"


def test_wrong_tries_are_bounded(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        assert [sign_in(site, "wrong").status_code for _ in range(BURST)] == [401] * BURST
        refused = sign_in(site)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
        assert "set-cookie" not in refused.headers
        # Programs with a token are not held up by it.
        bearer = {"authorization": f"Bearer {SECRET}"}
        assert site.client.get("/api/v1/incidents", headers=bearer).status_code == 200


def test_tries_come_back_with_time() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    assert [attempts.take("192.0.2.1") for _ in range(BURST + 1)] == [*[0] * BURST, 6]
    assert attempts.take("192.0.2.2") == 0
    clock.now += EVERY_S / 2
    assert attempts.take("192.0.2.1") == 3
    clock.now += EVERY_S / 2
    assert [attempts.take("192.0.2.1") for _ in range(2)] == [0, 6]
    clock.now -= 7_200.0
    assert attempts.take("192.0.2.1") == 6
    clock.now += EVERY_S
    assert attempts.take("192.0.2.1") == 0
    attempts.succeeded("192.0.2.1")
    assert [attempts.take("192.0.2.1") for _ in range(BURST)] == [0] * BURST


def test_addresses_of_one_network_share_their_tries_and_memory_is_bounded() -> None:
    attempts = Attempts(Clock())
    for number in range(BURST):
        assert attempts.take(f"2001:db8::{number:x}") == 0
    assert attempts.take("2001:db8::ffff") > 0
    assert attempts.take("2001:db8:0:1::1") == 0
    for number in range(2 * MAX_CLIENTS):
        attempts.take(f"10.0.{number // 256}.{number % 256}")
    assert len(attempts._left) == MAX_CLIENTS


def test_a_session_over_tls_is_secure_where_a_proxy_takes_tls_off(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        for scheme in ("http", "https"):
            # The token of the form belongs to the session before.
            own = {**site.origin, "sec-fetch-site": "same-origin", "origin": f"{scheme}://127.0.0.1:{site.port}"}
            answer = site.client.post("/login", data={"token": SECRET}, headers=own)
            assert answer.status_code == 303, answer.text
            assert ("secure" in cookies(answer)["aiops_session"]) == (scheme == "https")
