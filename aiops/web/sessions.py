"""Browsers: a token is shown once, at the login, and stands behind a cookie from then on.

The cookie is a random number that means something in this process only: HttpOnly, SameSite=Strict, gone at a restart.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from aiops.web.auth import Guard, Refusal, Scope, Token

COOKIE = "aiops_session"
# A shift; on-call people log in once a day.
LIFE_S = 12 * 3600.0
MAX_SESSIONS = 1_000


class Doorkeeper:
    """Decides on requests of browsers (by cookie) and programs (by bearer token). Safe for many threads."""

    def __init__(self, guard: Guard, clock: Callable[[], float]) -> None:
        self.guard = guard
        self._clock = clock
        self._lock = threading.Lock()
        # By the hash of the cookie: who can read the memory of a snapshot cannot use what is in it.
        self._sessions: OrderedDict[str, tuple[Token, float]] = OrderedDict()

    def check(self, request: Request, scope: Scope) -> Token | Refusal | None:
        """See `Guard.check`; a browser's cookie counts as the token that it was given for."""
        cookie = request.cookies.get(COOKIE)
        if cookie is None or "authorization" in request.headers:
            return self.guard.check(request.headers, scope)
        foreign = self.guard.check_origin(request.headers)
        if foreign is not None:
            return foreign
        token = self._token(cookie)
        if token is None:
            return self.guard.check(request.headers, scope)
        if request.method not in ("GET", "HEAD") and not request.headers.get("origin"):
            return Refusal(403, "expected a request of this site's own pages: the browser did not say whose it is")
        if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):
            return Refusal(403, f"expected a token with the scope {scope}; {token.name} has {', '.join(token.scopes)}")
        return token

    def login(self, secret: str, response: Response, *, secure: bool) -> bool:
        """Begin a session for the token `secret`; False when there is no such token."""
        token = self.guard.find(secret)
        if token is None:
            return False
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_hash(cookie)] = (token, self._clock() + LIFE_S)
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        response.set_cookie(COOKIE, cookie, max_age=int(LIFE_S), httponly=True, samesite="strict", secure=secure)
        return True

    def logout(self, request: Request, response: Response) -> None:
        """End the session of a request."""
        with self._lock:
            self._sessions.pop(_hash(request.cookies.get(COOKIE, "")), None)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")

    def _token(self, cookie: str) -> Token | None:
        with self._lock:
            token, until = self._sessions.get(_hash(cookie), (None, 0.0))
        return token if until > self._clock() else None


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
