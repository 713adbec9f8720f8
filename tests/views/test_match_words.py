"""Conditions are put into words as far as they are words, and shown as they are beyond that."""

from __future__ import annotations

import pytest

from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.format import CauseMatch, IncidentMatch, Match, Matcher
from aiops.views.match_words import MAX_WORDS, match_lines


def words(*matchers: Matcher) -> str:
    return match_lines(Match(alert=list(matchers)))[0].words


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("=", "DiskFull", "An alert whose name is DiskFull"),
        ("!=", "", "An alert whose name is not empty"),
        ("=~", ".*(disk|volume).*full.*", "An alert whose name has disk or volume, then full"),
        ("!~", ".*(raft|elastic).*", "An alert whose name has not raft or elastic"),
        ("=~", ".*", "An alert whose name is anything"),
        ("=~", "brute ?force|logins?", "An alert whose name has brute force or login"),
        ("=~", "a(b|c)d", "An alert whose name has abd or acd"),
        ("=~", "(?:io|i/o) wait", "An alert whose name has io wait or i/o wait"),
        ("=~", r"\d+ left", r"An alert whose name has “\d+ left”"),
        ("=~", "(open", "An alert whose name has “(open”"),
        ("=~", "close)", "An alert whose name has “close)”"),
        ("=~", "utili[sz]ation", "An alert whose name has utilisation"),
        ("=~", "x[^y]z", "An alert whose name has “x[^y]z”"),
    ],
)
def test_a_condition_is_words(op: str, value: str, expected: str) -> None:
    assert words(Matcher(label="name", op=op, value=value)) == expected  # type: ignore[arg-type]


def test_an_expression_that_stands_for_too_much_stays_as_it_is() -> None:
    value = "(a|b|c|d|e|f|g|h)" * 9
    assert words(Matcher(label="text", op="=~", value=value)) == f"An alert whose name or message has “{value}”"
    many = "|".join(f"w{n}" for n in range(MAX_WORDS + 5))
    assert words(Matcher(label="team", op="=~", value=many)).endswith(", w7 and 5 more")


def _is(label: str, value: str) -> Matcher:
    return Matcher(label=label, value=value)


def test_groups_are_joined_by_or_and_exclusions_follow() -> None:
    match = Match(
        any_alert=[
            [Matcher(label="name", value="A")],
            [Matcher(label="name", value="B"), Matcher(label="env", value="p")],
        ],
        no_alert=[[Matcher(label="source", op="=~", value="test.*")]],
        change=["deploy", "release"],
        cause=CauseMatch(kind=["host"], class_=["error", "latency"], min_confidence="medium"),
        incident=IncidentMatch(min_severity="high", max_targets=3),
    )
    lines = match_lines(match)
    assert [line.words for line in lines] == [
        "An alert whose name is A",
        "Or an alert whose name is B and whose label env is p",
        "Or a deploy or release of the suspected cause shortly before",
        "Not if an alert whose source has test",
        "The suspected cause is a host",
        "The alerts on the suspected cause are about error or latency",
        "The confidence in the cause is at least medium",
        "The incident is at least high",
        "At most 3 of its entities have such alerts",
    ]
    assert lines[3].expressions == ["source=~test.*"]
    assert lines[0].expressions == []


def test_most_of_the_shipped_conditions_are_words() -> None:
    lines = [line for one in read_catalogue([shipped()]).playbooks.values() for line in match_lines(one.match)]
    raw = [line for line in lines if "“" in line.words]
    assert len(raw) < len(lines) / 15
