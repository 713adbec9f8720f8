"""Mutants of real networks: proxies, addresses behind them, answers of gateways, messages that nobody got."""

from __future__ import annotations

from tests.mutants.model import Mutant

_CLIENT = "aiops/http/client.py"
_PROXIES = "aiops/http/proxies.py"
_OUTCOMES = "aiops/notify/outcomes.py"
_OUTBOX = "aiops/store/outbox.py"

_PROXY = ("tests/http/test_proxies.py",)
_DOUBT = ("tests/notify/test_doubtful_answers.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "proxy-for-an-address-inside",
        _CLIENT,
        '        if why not in (None, "no IP address"):\n            raise HttpFailure',
        "        if False:\n            raise HttpFailure",
        _PROXY,
    ),
    Mutant(
        "proxy-password-is-shown",
        _CLIENT,
        "{proxy.url.partition('://')[2]}",
        "{proxy.auth} {proxy.url.partition('://')[2]}",
        _PROXY,
    ),
    Mutant("proxy-anywhere", _CLIENT, "            network_backend=backend,\n", "", _PROXY),
    Mutant("proxy-for-this-host", _PROXIES, "None if _is_here(host) or ", "None if ", _PROXY),
    Mutant("proxy-part-of-a-name", _PROXIES, 'host.endswith(f".{domain}")', "host.endswith(domain)", _PROXY),
    Mutant("proxy-any-port", _PROXIES, "        if int(wanted) != port:\n            return False\n", "", _PROXY),
    Mutant("doubt-for-ever", _OUTCOMES, "or age_s >= doubt_s", "", _DOUBT),
    Mutant("doubt-of-everything", _OUTCOMES, "answer.status not in DOUBTFUL or", "", _DOUBT),
    Mutant("doubt-after-the-end", _OUTCOMES, "row.change in OVER or self._is_open(row.incident)", "True", _DOUBT),
    Mutant(
        "doubt-of-no-end",
        _OUTCOMES,
        "row.change in OVER or self._is_open(row.incident)",
        "self._is_open(row.incident)",
        _DOUBT,
    ),
    Mutant(
        "doubt-keeps-the-fallback",
        _OUTCOMES,
        "DOUBT_S if queue.config.fallback is None else DOUBT_WITH_FALLBACK_S",
        "DOUBT_S",
        _DOUBT,
    ),
    Mutant(
        "dead-letter-of-an-old-version-warns",
        _OUTBOX,
        " where endpoint = one.endpoint and incident = one.incident and version > one.version and state = 'sent')",
        " where endpoint = one.endpoint and version > 1000)",
        ("tests/daemon/test_health.py",),
    ),
]
