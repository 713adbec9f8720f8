"""Browsers: a token is shown once, at the sign-in, and stands behind a cookie from then on.

The cookie is a random number that means something in this process only: HttpOnly, SameSite=Strict, gone at a restart,
`Secure` where people reach the site over TLS, and sent to the path of the site only.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from aiops.http.attempts import Attempts
from aiops.http.auth import Guard, Refusal, Scope, Token
from aiops.http.site_address import from_own_page
from aiops.web import formtokens
from aiops.web.formtokens import FormTokens

COOKIE = "aiops_session"
# A shift; on-call people log in once a day.
LIFE_S = 12 * 3600.0
MAX_SESSIONS = 1_000


class SessionGuard:
    """Decides on requests of browsers (by cookie) and programs (by bearer token). Safe for many threads."""

    def __init__(self, guard: Guard, clock: Callable[[], float]) -> None:
        self.guard = guard
        self.attempts = Attempts(clock)
        self._clock = clock
        self._forms = FormTokens()
        self._lock = threading.Lock()
        # By the hash of the cookie: who can read the memory of a snapshot cannot use what is in it.
        self._sessions: OrderedDict[str, tuple[Token, float]] = OrderedDict()

    def check(self, request: Request, scope: Scope) -> Token | Refusal | None:
        """See `Guard.check`; a browser's cookie counts as the token that it was given for."""
        cookie = request.cookies.get(COOKIE)
        if cookie is None or "authorization" in request.headers:
            return self.guard.check(request.headers, scope)
        changes = request.method not in ("GET", "HEAD")
        foreign = self.guard.check_origin(request.headers, changes=changes)
        if foreign is not None:
            return foreign
        token = self._token(cookie)
        if token is None:
            return self.guard.check(request.headers, scope)
        if changes and not from_own_page(request.headers):
            return Refusal(403, "expected a request of this site's own pages: the browser did not say whose it is")
        if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):
            return Refusal(403, f"expected a token with the scope {scope}; {token.name} has {', '.join(token.scopes)}")
        return token

    def is_signed_in(self, request: Request) -> bool:
        """Whether the request's cookie stands for a token."""
        return self._token(request.cookies.get(COOKIE, "")) is not None

    def login(self, secret: str, request: Request, response: Response) -> bool:
        """Begin a session for the token `secret`; False when there is no such token."""
        token = self.guard.find(secret)
        if token is None:
            return False
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions.pop(_hash(request.cookies.get(COOKIE, "")), None)
            self._sessions[_hash(cookie)] = (token, self._clock() + LIFE_S)
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        self._set(request, response, COOKIE, cookie, int(LIFE_S), strict=True)
        return True

    def logout(self, request: Request, response: Response) -> None:
        """End the session of a request."""
        with self._lock:
            self._sessions.pop(_hash(request.cookies.get(COOKIE, "")), None)
        self._set(request, response, COOKIE, "", 0, strict=True)

    def form_token(self, request: Request) -> tuple[str, str | None]:
        """The token for the forms of a page, and the cookie that its browser needs for it, where it has none."""
        known = request.cookies.get(formtokens.COOKIE)
        browser = known or formtokens.new_browser()
        return self._forms.token(browser, self._session(request)), None if known else browser

    def name_browser(self, request: Request, response: Response, browser: str) -> None:
        """Give a browser the cookie that its forms' tokens are made for; it lets nobody in."""
        self._set(request, response, formtokens.COOKIE, browser, None, strict=False)

    def is_own_form(self, request: Request, given: str) -> bool:
        """Whether a form came from a page that was made for this browser and session."""
        return self._forms.holds(given, request.cookies, self._session(request))

    def _session(self, request: Request) -> str:
        """The cookie of a session that goes on; what is left of another one counts for nothing."""
        return request.cookies[COOKIE] if self.is_signed_in(request) else ""

    def _set(
        self, request: Request, response: Response, name: str, value: str, life_s: int | None, *, strict: bool
    ) -> None:
        address = self.guard.address
        response.set_cookie(
            name,
            value,
            max_age=life_s,
            path=address.base or "/",
            httponly=True,
            samesite="strict" if strict else "lax",
            secure=address.secure or request.url.scheme == "https",
        )

    def _token(self, cookie: str) -> Token | None:
        with self._lock:
            token, until = self._sessions.get(_hash(cookie), (None, 0.0))
        return token if until > self._clock() else None


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
