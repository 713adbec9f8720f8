"""Sessions of browsers: a token is entered once, and a cookie stands for it from then on.

The cookie is a random number that is valid in this process only. It is HttpOnly, SameSite=Strict, invalid after a
restart, `Secure` if people reach the site over TLS, and sent to the path of the site only.
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
# A shift; on-call people sign in once a day.
LIFE_S = 12 * 3600.0
MAX_SESSIONS = 1_000


class SessionGuard:
    """Authorises requests of browsers (by cookie) and programs (by bearer token). Thread-safe."""

    def __init__(self, guard: Guard, clock: Callable[[], float]) -> None:
        self.guard = guard
        self.attempts = Attempts(clock)
        self._clock = clock
        self._forms = FormTokens()
        self._lock = threading.Lock()
        # By the hash of the cookie: a copy of the memory contains no usable cookie.
        self._sessions: OrderedDict[str, tuple[Token, float]] = OrderedDict()

    def check(self, request: Request, scope: Scope) -> Token | Refusal | None:
        """Check a request as `Guard.check` does; a browser's cookie counts as the token that it was given for."""
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
            return Refusal(403, "expected a request of this site's own pages: the browser did not name its origin")
        if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):
            return Refusal(403, f"expected a token with the scope {scope}; {token.name} has {', '.join(token.scopes)}")
        return token

    def is_signed_in(self, request: Request) -> bool:
        """Return True if the request's cookie stands for a token."""
        return self._token(request.cookies.get(COOKIE, "")) is not None

    def login(self, secret: str, request: Request, response: Response) -> bool:
        """Start a session for the token `secret`; return False if there is no such token."""
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
        """Return the token for the forms of a page, and the cookie that a browser without one needs."""
        known = request.cookies.get(formtokens.COOKIE)
        browser = known or formtokens.new_browser()
        return self._forms.token(browser, self._session(request)), None if known else browser

    def name_browser(self, request: Request, response: Response, browser: str) -> None:
        """Give a browser the cookie that its forms' tokens are made for; it grants no access."""
        self._set(request, response, formtokens.COOKIE, browser, None, strict=False)

    def is_own_form(self, request: Request, given: str) -> bool:
        """Return True if a form came from a page that was made for this browser and session."""
        return self._forms.holds(given, request.cookies, self._session(request))

    def _session(self, request: Request) -> str:
        """Return the cookie of a valid session; an expired one counts as none."""
        return request.cookies[COOKIE] if self.is_signed_in(request) else ""

    def set_cookie(self, request: Request, response: Response, name: str, value: str, life_s: int) -> None:
        """Set a cookie that grants no access, such as a reader's preferences."""
        self._set(request, response, name, value, life_s, strict=False)

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
            secure=address.secure or request.url.scheme == "https" or _came_over_tls(request),
        )

    def _token(self, cookie: str) -> Token | None:
        with self._lock:
            token, until = self._sessions.get(_hash(cookie), (None, 0.0))
        return token if until > self._clock() else None


def _came_over_tls(request: Request) -> bool:
    """Return True if the page of a form came over TLS, which a proxy takes off.

    The form's origin was checked before; a browser alone names it.
    """
    return request.method == "POST" and request.headers.get("origin", "").lower().startswith("https://")


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
