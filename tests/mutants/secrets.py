"""Mutants of secrets: where they may be sent, and that a run does not begin without them."""

from __future__ import annotations

from tests.mutants.model import Mutant

OWN = "tests/respond/test_secrets.py::"
HOSTS = "tests/respond/test_secret_hosts.py::"
SENT = "tests/respond/test_transport.py::"

MUTANTS: list[Mutant] = [
    Mutant(
        "secrets-the-report-of-a-replay-does-not-look",
        "aiops/backtest/remediation.py",
        "systems = read_systems(config)\n",
        "systems, config = read_systems(config), RespondConfig()\n",
        ("tests/backtest/test_remediation.py::test_secrets_of_another_host_are_known_and_their_values_are_not",),
    ),
    Mutant(
        "secrets-a-replay-wants-the-values-of-the-daemon",
        "aiops/respond/secrets.py",
        "if not self._is_here and name in self._secrets:",
        "if not self._is_here and name not in self._secrets:",
        ("tests/backtest/test_remediation.py::test_secrets_of_another_host_are_known_and_their_values_are_not",),
    ),
    Mutant(
        "secrets-health-does-not-name-them",
        "aiops/daemon/run_health.py",
        "    problems += _first(list(lacking))\n",
        "",
        ("tests/app/test_runs.py::test_secrets_that_cannot_be_sent_are_named_and_stop_nothing_else",),
    ),
    Mutant(
        "secrets-config-check-does-not-name-them",
        "aiops/app/runs.py",
        "found = [*secrets.problems(), *(why for",
        "found = [*(why for",
        ("tests/app/test_runs.py::test_secrets_that_cannot_be_sent_are_named_and_stop_nothing_else",),
    ),
    Mutant(
        "secrets-a-host-stands-for-every-port",
        "aiops/respond/secret_hosts.py",
        "or (any_port and wanted is None)):",
        "or wanted is None):",
        (HOSTS + "test_a_host_without_a_port_stands_for_the_default_one",),
    ),
    Mutant(
        "secrets-a-port-that-is-named-is-not-held",
        "aiops/respond/secret_hosts.py",
        "port == (wanted or DEFAULT_PORTS.get(scheme))",
        "(wanted or port == DEFAULT_PORTS.get(scheme))",
        (HOSTS + "test_a_host_without_a_port_stands_for_the_default_one",),
    ),
    Mutant(
        "secrets-a-system-lends-its-port-to-every-address",
        "aiops/respond/secrets.py",
        "own.secret == request.secret and place_of(own.url) == (scheme, host, port)",
        "own.secret == request.secret",
        (OWN + "test_the_secret_of_a_system_goes_to_the_port_of_that_system_alone",),
    ),
    Mutant(
        "secrets-the-guard-does-not-look",
        "aiops/respond/guards.py",
        "    return case.secret\n",
        "    return None\n",
        (OWN + "test_a_secret_that_is_not_set_refuses_the_plan",),
    ),
    Mutant(
        "secrets-only-the-steps-are-looked-at",
        "aiops/respond/secrets.py",
        "for call in calls for request in _parts(call)]",
        'for call in calls if call.phase == "step" for request in _parts(call)]',
        (OWN + "test_a_secret_of_the_rollback_counts_before_the_first_request",),
    ),
    Mutant(
        "secrets-what-is-missing-is-found-in-the-run",
        "aiops/respond/secrets.py",
        '                return Refused("secret_missing", why)',
        "                return None",
        (OWN + "test_a_file_that_is_gone_or_empty_refuses_the_plan",),
    ),
    Mutant(
        "secrets-are-sent-to-any-host",
        "aiops/respond/transport.py",
        "if (why := self._secrets.misdirected(request)) is not None:",
        "if (why := self._secrets.misdirected(request)) is None and not name:",
        (SENT + "test_a_secret_goes_to_its_hosts_only",),
    ),
    Mutant(
        "secrets-a-request-without-its-secret-counts-as-sent",
        "aiops/respond/transport.py",
        "return Reply(error=str(error), sent=False)",
        "return Reply(error=str(error))",
        (SENT + "test_a_secret_that_is_missing_is_no_request_and_stops_nothing_else",),
    ),
    Mutant(
        "secrets-an-address-of-a-system-may-hold-a-password",
        "aiops/respond/systems.py",
        'if "@" in urlsplit(given.url).netloc:',
        'if "@" in urlsplit(given.url).path:',
        ("tests/respond/test_systems.py::test_a_system_that_cannot_work_is_refused_at_the_start",),
    ),
]
