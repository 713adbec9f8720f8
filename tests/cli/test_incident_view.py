"""One incident in full at a terminal: sections that have content, a verdict that never guesses."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from aiops.cli.incident_view import MAX_BARS, MAX_MEMBERS, entities_text, incident_parts
from aiops.cli.terminal import moment
from aiops.records import Affected, Cause, Evidence, Incident, Member, RootCause, Suggestion
from aiops.verdict.certainty import certainty

T0 = 1_795_000_000.0
HOSTILE = "x\x1b[2J\u202ey"


def member(number: int = 0, **more: Any) -> Member:
    given: dict[str, Any] = {"count": 3, "first_at": T0 + number, "last_at": T0 + number + 60}
    named = {"name": f"Disk{number}", "entity": f"db-{number}", "severity": "high", "status": "firing"}
    return Member(f"f{number}", **{**named, **given, **more})


def seen(width: int = 120, **fields: Any) -> str:
    given: dict[str, Any] = {"id": "inc-1", "title": "disk full", "status": "open", "severity": "high", "opened_at": T0}
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None)
    for part in incident_parts(Incident(**{**given, **fields}), width):
        console.print(part)
    return stream.getvalue()


def test_sections_without_content_are_left_out() -> None:
    text = seen()
    assert "disk full" in text
    for title in ("Likely causes", "Timeline", "Suggested playbooks", "Similar incidents", "belong together"):
        assert title not in text


@pytest.mark.parametrize(
    ("causes", "verdict"),
    [
        ([], "Cause: unknown"),
        ([Cause("db", 0.0)], "Cause: unknown"),
        ([Cause("db", 2.0, confidence="low")], "Perhaps db (no clear lead)"),
        ([Cause("db", 2.0, confidence="high")], "Probably db (clear lead, not yet checked here)"),
        ([Cause("db", 2.0, 0.71)], "Probably db (71 %)"),
        (
            [Cause("db", 2.0, 0.71, evidence=[Evidence("a", 1.0, "small"), Evidence("b", 3.0, "it is full")])],
            "it is full",
        ),
    ],
)
def test_verdict_says_no_more_than_is_known(causes: list[Cause], verdict: str) -> None:
    assert verdict in seen(causes=causes)


def test_confirmed_cause_stands_over_the_ranked_one() -> None:
    assert "Cause: web (confirmed)" in seen(root_cause=RootCause("web"), causes=[Cause("db", 9.0)])


def test_causes_evidence_and_playbooks_are_shown_with_their_figures() -> None:
    evidence = [Evidence("a", 1.25, "its disk is full"), Evidence("b", -0.5, "it often is")]
    text = seen(
        causes=[Cause("db", 2.0, confidence="medium", evidence=evidence)],
        playbooks=[Suggestion("host-disk-full", score=1.5, target="db", evidence=evidence)],
        similar=evidence,
        explanation=["they share an entity"],
    )
    for part in (
        "+1.25",
        "-0.50",
        "its disk is full",
        "host-disk-full on db",
        "- they share an entity",
        "raised no alert",
    ):
        assert part in text


def test_members_are_shown_in_part_and_counted_in_full() -> None:
    text = seen(members=[member(n) for n in range(40)], stream_count=3_000, firing_count=2_500)
    assert f"the first {MAX_MEMBERS} of 3,000" in text
    assert "2,500 firing" in text
    assert f"… and {40 - MAX_BARS} more" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_any_width_and_hostile_text_are_shown(width: int) -> None:
    text = seen(
        width,
        title=HOSTILE * 30,
        message=HOSTILE * 100,
        url="https://x/" + HOSTILE,
        services=[HOSTILE] * 300,
        members=[member(1, silenced_by=HOSTILE, silenced_until=T0, alert_id=HOSTILE * 30)],
        causes=[Cause(HOSTILE, 1.0)],
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= width


def test_states_that_matter_are_named() -> None:
    text = seen(
        silenced_by=["deploy"],
        silenced_until=T0 + 60,
        merged_into="inc-2",
        merged_from=["inc-3"],
        resolved_at=T0 + 600,
        last_alert_at=T0 + 300,
        status="merged",
    )
    for part in ("silenced by deploy until", "inc-2", "inc-3", "resolved after 10 min", "merged"):
        assert part in text


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (Cause("a", 1.0, 0.005), "0 %"),
        (Cause("a", 1.0, 1.0), "100 %"),
        (Cause("a", confidence="low"), "no clear lead"),
    ],
)
def test_score_is_a_share_or_a_word(cause: Cause, text: str) -> None:
    assert certainty(cause) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "0 entities"),
        ({"entities": ["a", "b"], "entity_count": 1}, "2 entities"),
        ({"entity_count": 5_000, "more_entities": True}, "at least 5,000 entities"),
    ],
)
def test_entities_are_counted_as_far_as_they_are_known(fields: dict[str, Any], text: str) -> None:
    assert entities_text(Incident(id="i", **fields)) == text


def test_returns_are_shown_with_the_last_one() -> None:
    text = seen(returns=3, returned_at=[T0, T0 + 480, T0 + 960])
    assert f"came back 3 times, about every 8 min, last at {moment(T0 + 960)}" in text
    assert "came back" not in seen()


def test_replicas_of_a_workload_are_counted_in_place_of_being_listed() -> None:
    pods = [member(number, name="Slow", entity=f"cart-x7k2{number}", workload="cart") for number in range(4)]
    other = member(9, name="Slow", entity=HOSTILE, workload=HOSTILE, first_at=T0 + 300, last_at=T0 + 360)
    workloads = [Affected("cart", "cart-x7k20", 4, "pod"), Affected(HOSTILE, HOSTILE)]
    text = seen(members=[*pods, other], workloads=workloads)
    assert "affected: cart, 4 pods; x" in text
    timeline = text.partition("Timeline")[2]
    assert "Slow on cart, 4 pods" in timeline
    assert "cart-x7k2" not in timeline
    assert len([line for line in timeline.splitlines() if "Slow on" in line]) == 2
    assert HOSTILE not in text


def test_incident_of_single_entities_lists_no_workloads() -> None:
    assert "affected" not in seen(members=[member()], workloads=[Affected("db", "db-0")])
