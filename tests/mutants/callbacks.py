"""Mutants of callbacks: forged, repeated, stale and circular reports, and incidents of others."""

from __future__ import annotations

from tests.mutants.model import Mutant

_WEB = "aiops/web/callbacks.py"
_CALLBACK = "connectors/aiops_connectors/callbacks/callback.py"
_PAGER = "connectors/aiops_connectors/callbacks/pagerduty.py"
_JSM = "connectors/aiops_connectors/callbacks/jsm.py"
_SLACK = "connectors/aiops_connectors/callbacks/slack.py"

_APPLIED = ("tests/web/test_callbacks.py",)
_READ = ("tests/connectors/test_callbacks.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "callback-twice",
        _WEB,
        "            if reply.id in self._seen:\n",
        "            if False:\n",
        _APPLIED,
    ),
    Mutant("callback-old-state", _WEB, "stored.incident.status not in _NEWS[reply.verb]", "False", _APPLIED),
    Mutant("callback-stale", _WEB, "or reply.at >= opened_at - CLOCK_SKEW_S", "or True", _APPLIED),
    Mutant("callback-from-another-site", _WEB, "if isinstance(refused, Refusal):", "if False:", _APPLIED),
    Mutant(
        "callback-lost-while-busy", _WEB, "        return False\n        with", "        pass\n        with", _APPLIED
    ),
    Mutant("callback-memory-without-bound", _WEB, "if len(self._seen) > MAX_SEEN:", "if False:", _APPLIED),
    Mutant("callback-unsigned", _CALLBACK, "        self._check(headers, body, now)\n", "", _READ),
    Mutant("callback-forged", _CALLBACK, "raise NotGenuine(str(error)) from None", "return", _READ),
    Mutant(
        "callback-any-bearer", _CALLBACK, "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", _READ
    ),
    Mutant("callback-unprintable-person", _CALLBACK, 'letter if letter.isprintable() else " "', "letter", _READ),
    Mutant("callback-own-event", _PAGER, 'agent.get("type") != "user_reference"', "False", _READ),
    Mutant("callback-foreign-pagerduty", _PAGER, "or not key.startswith(PREFIX)", "", _READ),
    Mutant("callback-integration-jsm", _JSM, 'or "@" not in name', "", _READ),
    Mutant("callback-own-request-jsm", _JSM, 'or text(source.get("name")).lower() == OURS', "", _READ),
    Mutant("callback-foreign-jsm", _JSM, "or not alias.startswith(PREFIX)", "", _READ),
    Mutant("callback-other-interaction", _SLACK, 'found.get("type") != "block_actions" or', "", _READ),
]
