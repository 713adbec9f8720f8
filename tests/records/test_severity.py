"""Severities in the words that tools use."""

from __future__ import annotations

import pytest

from aiops.records.severity import LEVELS, MAX_TEXT, Severity, find_severity, has_explicit_severity, parse_severity


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("P1 - Critical", Severity.CRITICAL),
        ("1 - Critical", Severity.CRITICAL),
        ("2 - High", Severity.HIGH),
        ("Sev-1", Severity.CRITICAL),
        ("SEV 2", Severity.HIGH),
        ("Severity: 1", Severity.CRITICAL),
        ("priority 2", Severity.HIGH),
        ("S1", Severity.CRITICAL),
        ("s3", Severity.WARNING),
        ("urgent", Severity.CRITICAL),
        ("Highest", Severity.CRITICAL),
        ("blocker", Severity.CRITICAL),
        ("DOWN", Severity.CRITICAL),
        ("failure", Severity.HIGH),
        ("danger", Severity.HIGH),
        ("very high", Severity.HIGH),
        (" Disaster ", Severity.CRITICAL),
        ("P3 (Moderate)", Severity.WARNING),
        ("lowest", Severity.INFO),
        ("P3 - High", Severity.HIGH),
        ("critical, was: low", Severity.CRITICAL),
        ("none", Severity.OK),
    ],
)
def test_a_severity_is_the_known_word_or_number_in_the_text(text: str, level: Severity) -> None:
    assert find_severity(text) is level
    assert parse_severity(text) is level
    assert has_explicit_severity(text)


@pytest.mark.parametrize(
    "text", ["5", "4", "0", "1", "purple", "P10", "non-critical", "not critical", "Tier 1", "level 2", "", " "]
)
def test_what_is_ambiguous_or_unknown_is_an_unstated_warning(text: str) -> None:
    assert find_severity(text) is None
    assert parse_severity(text) is Severity.WARNING
    assert not has_explicit_severity(text)


def test_a_sentence_is_no_severity() -> None:
    assert find_severity("critical " + "x" * MAX_TEXT) is None
    assert find_severity("a" * 1_000_000) is None


def test_every_word_is_itself_in_any_case() -> None:
    for word, level in LEVELS.items():
        assert find_severity(word) is find_severity(word.upper()) is level
