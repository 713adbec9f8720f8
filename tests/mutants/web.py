"""Mutants of who may do what over HTTP: tokens, sessions, signatures, connections."""

from __future__ import annotations

from tests.mutants.model import Mutant

_AUTH = "aiops/http/auth.py"
_SESSIONS = "aiops/web/sessions.py"
_CONNECTIONS = "aiops/http/client_connections.py"
_SIGNATURES = "connectors/aiops_connectors/signatures/verifier.py"
_SIGNING = "aiops/http/signing.py"

_BY_SCOPE = ("tests/connectors/test_http_scopes.py",)
_BY_SESSION = ("tests/web/test_sessions.py",)
_BY_SENDER = ("tests/connectors/test_signatures.py",)
_BY_KEY = ("tests/http/test_signing.py",)
_BY_IDLE = ("tests/http/test_server.py::test_kept_connections_lock_nobody_out",)
_BY_PROBE = ("tests/http/test_server.py::test_probes_are_answered_when_all_connections_are_busy",)

MUTANTS: list[Mutant] = [
    Mutant(
        "auth-write-may-ingest",
        _AUTH,
        'if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):',
        'if scope not in token.scopes and not (scope != "write" and "write" in token.scopes):',
        _BY_SCOPE,
    ),
    Mutant(
        "auth-any-token-does",
        _AUTH,
        'if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):',
        "if not token.scopes:",
        _BY_SCOPE,
    ),
    Mutant(
        "auth-hashes-of-one-length-are-equal",
        _AUTH,
        "if hmac.compare_digest(known, wanted):",
        "if len(known) == len(wanted):",
        _BY_SESSION,
    ),
    Mutant(
        "session-write-may-ingest",
        _SESSIONS,
        'if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):',
        'if scope not in token.scopes and not (scope != "write" and "write" in token.scopes):',
        _BY_SESSION,
    ),
    Mutant(
        "session-never-ends", _SESSIONS, "return token if until > self._clock() else None", "return token", _BY_SESSION
    ),
    Mutant("session-ends-late", _SESSIONS, "if until > self._clock()", "if until >= self._clock()", _BY_SESSION),
    Mutant(
        "session-newest-goes",
        _SESSIONS,
        "                self._sessions.popitem(last=False)",
        "                self._sessions.popitem(last=True)",
        _BY_SESSION,
    ),
    Mutant(
        "session-cookie-beats-token",
        _SESSIONS,
        'if cookie is None or "authorization" in request.headers:',
        "if cookie is None:",
        _BY_SESSION,
    ),
    Mutant(
        "session-changes-from-anywhere",
        _SESSIONS,
        "if changes and not from_own_page(request.headers):",
        "if False:",
        _BY_SESSION,
    ),
    Mutant(
        "signature-time-does-not-matter",
        _SIGNATURES,
        "if abs(int(timestamp) - now) > self._window_s:",
        "if False:",
        _BY_SENDER,
    ),
    Mutant(
        "signature-times-ahead-are-good",
        _SIGNATURES,
        "if abs(int(timestamp) - now) > self._window_s:",
        "if now - int(timestamp) > self._window_s:",
        _BY_SENDER,
    ),
    Mutant(
        "signature-window-excludes-its-end",
        _SIGNATURES,
        "if abs(int(timestamp) - now) > self._window_s:",
        "if abs(int(timestamp) - now) >= self._window_s:",
        _BY_SENDER,
    ),
    Mutant(
        "signature-forgotten-while-replayable",
        _SIGNATURES,
        "< now - 2 * self._window_s:",
        "< now - self._window_s:",
        _BY_SENDER,
    ),
    Mutant(
        "signature-one-replayed-counts",
        _SIGNATURES,
        "            return identity in self._seen",
        "            return False",
        _BY_SENDER,
    ),
    Mutant(
        "signature-of-the-body-alone",
        _SIGNATURES,
        "return timestamp.encode()",
        'return b""',
        _BY_SENDER,
    ),
    Mutant(
        "signature-many-are-compared",
        _SIGNATURES,
        "for part in header.split(scheme.separator, MAX_SIGNATURES)[:MAX_SIGNATURES]]",
        "for part in header.split(scheme.separator)]",
        _BY_SENDER,
    ),
    Mutant(
        "signature-short-keys-are-keys",
        _SIGNATURES,
        "if not 16 <= len(key) <= 128:",
        "if not 15 <= len(key) <= 128:",
        _BY_SENDER,
    ),
    Mutant("signature-no-secret-is-a-secret", _SIGNATURES, "    if not secret:\n", "    if False:\n", _BY_SENDER),
    Mutant("signing-leaves-the-id-out", _SIGNING, "{message_id}.{timestamp}.", "{timestamp}.", _BY_KEY),
    Mutant("signing-short-keys-are-keys", _SIGNING, "_MIN_KEY_BYTES = 24", "_MIN_KEY_BYTES = 23", _BY_KEY),
    Mutant("signing-uses-one-key", _SIGNING, "for key in keys]", "for key in keys[:1]]", _BY_KEY),
    Mutant(
        "connections-idle-ones-keep-their-place",
        _CONNECTIONS,
        "        if len(self._open) >= self._most:\n            self._close_idle()",
        "        if len(self._open) > self._most:\n            self._close_idle()",
        _BY_IDLE,
    ),
    Mutant(
        "connections-busy-ones-are-closed",
        "aiops/http/server.py",
        "                self._head_came()\n                places.busy(self)",
        "                self._head_came()",
        _BY_PROBE,
    ),
    Mutant("connections-probes-are-not-let-in", _CONNECTIONS, "PROBE_PLACES = 16", "PROBE_PLACES = 0", _BY_PROBE),
    Mutant(
        "connections-all-are-served-as-probes",
        _CONNECTIONS,
        '        if scope["path"] not in PROBES:\n            await',
        "        if False:\n            await",
        _BY_PROBE,
    ),
]
