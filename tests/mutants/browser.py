"""Mutants of who may press what: origins, tokens of forms, cookies, sign-in, scopes, and actions that are refused."""

from __future__ import annotations

from tests.mutants.model import Mutant

ADDRESS, AUTH, SESSIONS = "aiops/http/site_address.py", "aiops/http/auth.py", "aiops/web/sessions.py"
ACTIONS = "aiops/engine/incident_actions.py"
ORIGIN = ("tests/http/test_site_address.py",)
SIGN_IN = ("tests/pages/test_sign_in.py",)
SCOPES = ("tests/web/test_scopes.py",)
FEEDBACK = ("tests/engine/test_incident_actions.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "an origin is compared without its scheme",
        ADDRESS,
        "        return found in self._own(host)\n",
        "        return _place(found) in {_place(each) for each in self._own(host)}\n",
        ORIGIN,
    ),
    Mutant(
        "an origin is compared without its port",
        ADDRESS,
        "        return found in self._own(host)\n",
        "        return found.rpartition(':')[0] in {each.rpartition(':')[0] for each in self._own(host)}\n",
        ORIGIN,
    ),
    Mutant(
        "a hidden origin is anybody's own",
        ADDRESS,
        "if not origin or self._is_own(",
        'if not origin or origin == "null" or self._is_own(',
        ORIGIN,
    ),
    Mutant(
        "a page of the same site changes something",
        ADDRESS,
        'OWN_PAGE = ("same-origin", "none")',
        'OWN_PAGE = ("same-origin", "none", "same-site")',
        ORIGIN,
    ),
    Mutant(
        "what the browser says of the site is not asked",
        ADDRESS,
        "if changes and site is not None and site not in OWN_PAGE:",
        "if False:",
        ORIGIN,
    ),
    Mutant(
        "a page that came without TLS drives a site with it",
        ADDRESS,
        "            return {self._address.origin}\n",
        "            return {direct, self._address.origin}\n",
        ORIGIN,
    ),
    Mutant(
        "any path of external_url is taken",
        ADDRESS,
        "or not _BASE.fullmatch(base)",
        "or False",
        ORIGIN,
    ),
    Mutant(
        "the token of a form is not checked",
        "aiops/web/forms.py",
        "if not self._session_guard.is_own_form(request, given):",
        "if False:",
        SIGN_IN,
    ),
    Mutant(
        "the token of a form is that of any browser",
        "aiops/web/formtokens.py",
        'f"{browser}\\n{session}"',
        'f"{session}"',
        SIGN_IN,
    ),
    Mutant(
        "the token of a form outlives its session",
        SESSIONS,
        'return request.cookies[COOKIE] if self.is_signed_in(request) else ""',
        'return ""',
        SIGN_IN,
    ),
    Mutant("scripts read cookies", SESSIONS, "httponly=True", "httponly=False", SIGN_IN),
    Mutant("the session follows links of other sites", SESSIONS, '"strict" if strict else "lax"', '"lax"', SIGN_IN),
    Mutant(
        "cookies of a site with TLS go without",
        SESSIONS,
        "secure=address.secure or ",
        "secure=",
        SIGN_IN,
    ),
    Mutant("cookies go to the whole host", SESSIONS, 'path=address.base or "/"', 'path="/"', SIGN_IN),
    Mutant(
        "a session does not end", SESSIONS, "return token if until > self._clock() else None", "return token", SIGN_IN
    ),
    Mutant(
        "logging out ends nothing",
        SESSIONS,
        '''"""End the session of a request."""
        with self._lock:
            self._sessions.pop(''',
        '''"""End the session of a request."""
        with self._lock:
            self._sessions.get(''',
        SIGN_IN,
    ),
    Mutant(
        "wrong tokens are tried without a bound",
        "aiops/http/attempts.py",
        "granted = left >= 1.0",
        "granted = True",
        SIGN_IN,
    ),
    Mutant(
        "a clock that goes back locks people out",
        "aiops/http/attempts.py",
        "max(0.0, now - at)",
        "(now - at)",
        SIGN_IN,
    ),
    Mutant(
        "one network has any number of tries",
        "aiops/http/attempts.py",
        "return client if address.version == 4 else",
        "return client if True else",
        SIGN_IN,
    ),
    Mutant(
        "a write token may ingest",
        AUTH,
        'not (scope == "read" and "write" in token.scopes)',
        '"write" not in token.scopes',
        SCOPES,
    ),
    Mutant(
        "a browser with a read token may write",
        SESSIONS,
        'if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):',
        "if False:",
        ("tests/pages/test_pages.py::test_a_browser_logs_in_with_a_token",),
    ),
    Mutant(
        "any name that resolves to loopback is ours",
        AUTH,
        "if self.open and host and host not in self._hosts:",
        "if False:",
        SCOPES,
    ),
    Mutant("an open API is bound to any address", AUTH, "if self.open and not is_loopback(host):", "if False:", SCOPES),
    Mutant(
        "a resolved incident is acknowledged",
        "aiops/engine/work_actions.py",
        'raise UsageError(f"{now}{incident.id} is resolved: only an open incident can be acknowledged")',
        'return f"{now}acknowledged"',
        FEEDBACK,
    ),
    Mutant(
        "any text is a cause",
        ACTIONS,
        "if action.entity not in known and action.entity not in self.topology.nodes:",
        "if False:",
        FEEDBACK,
    ),
    Mutant(
        "any text is a member",
        "aiops/engine/acted_incident.py",
        "        if name not in known:\n",
        "        if False:\n",
        FEEDBACK,
    ),
    Mutant("any text is a playbook", ACTIONS, "and not suggester.knows(playbook)", "and False", FEEDBACK),
    Mutant(
        "an incident that was merged twice is forgotten",
        "aiops/engine/incidents/merging.py",
        "*younger.merged_from, younger.id]",
        "younger.id]",
        FEEDBACK,
    ),
]
