"""Tokens in forms: a page of another site cannot know the one that belongs to a browser's cookies."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

COOKIE = "aiops_form"
FIELD = "csrf"
HEADER = "x-csrf-token"


class FormTokens:
    """Makes and checks tokens. A token is valid for one browser, one session and this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, browser: str, session: str) -> str:
        """Return the token of a browser (its cookie `COOKIE`) and its session's cookie (empty: none)."""
        return hmac.new(self._key, f"{browser}\n{session}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def holds(self, given: str, cookies: Mapping[str, str], session: str) -> bool:
        """Return True if a token was made for a browser with these cookies."""
        browser = cookies.get(COOKIE, "")
        expected = self.token(browser, session)
        return bool(browser) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def new_browser() -> str:
    """Return a name for a browser that has none."""
    return secrets.token_urlsafe(24)
