"""Mutants of lint: addresses with credentials or ways out, statements that write, paths that lead elsewhere."""

from __future__ import annotations

from tests.mutants.model import Mutant

LINT = "tests/respond/test_lint.py::test_an_address_that_leads_elsewhere_is_an_error"
SQL = "tests/respond/test_statements.py::"
COLLECTORS = "tests/respond/test_collector_checks.py::test_collectors_that_cannot"

MUTANTS: list[Mutant] = [
    Mutant(
        "lint-an-address-may-hold-a-password",
        "aiops/respond/http_kinds.py",
        'if "@" in parsed.netloc:',
        'if ":" in parsed.path:',
        (LINT,),
    ),
    Mutant(
        "lint-an-encoded-way-out-is-none",
        "aiops/respond/http_kinds.py",
        "any(unquote(one) in",
        "any(one in",
        (LINT,),
    ),
    Mutant(
        "lint-an-address-may-have-backslashes",
        "aiops/respond/http_kinds.py",
        'if "\\\\" in step.url or any(',
        "if any(",
        (LINT,),
    ),
    Mutant(
        "lint-only-the-first-word-of-a-statement-counts",
        "aiops/respond/statements.py",
        "        if word in _WRITING:",
        "        if word in _WRITING and word == found[0]:",
        (SQL + "test_a_statement_that_writes_is_refused",),
    ),
    Mutant(
        "lint-a-second-statement-is-none",
        "aiops/respond/statements.py",
        'if word == ";" and following:',
        'if word == ";" and not following:',
        (SQL + "test_a_statement_that_writes_is_refused",),
    ),
    Mutant(
        "lint-what-is-quoted-counts",
        "aiops/respond/statements.py",
        "        closing = _QUOTES.get(first) or",
        "        closing =",
        (SQL + "test_a_statement_that_reads_is_accepted",),
    ),
    Mutant(
        "lint-statements-of-collectors-are-not-read",
        "aiops/respond/collector_checks.py",
        "    check_statement(source.statement)\n",
        "",
        (COLLECTORS,),
    ),
    Mutant(
        "lint-paths-of-collectors-lead-anywhere",
        "aiops/respond/collector_checks.py",
        "        for part in fill(list(source.path), sample):\n            _check_segment(part)",
        "        fill(list(source.path), sample)",
        (COLLECTORS,),
    ),
]
