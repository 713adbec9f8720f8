"""The shortest reason of a cause: what was measured, in a few words."""

from __future__ import annotations

import pytest

from aiops.records import Cause, Change, Evidence, Incident, Member, RootCause
from aiops.verdict.reason import MAX_REASON, short_reason


def member(name: str, entity: str) -> Member:
    return Member(f"{name}/{entity}", name, entity, "high", "firing", 1, 10.0, 20.0)


def reason(
    *evidence: Evidence, members: tuple[Member, ...] = (), streams: int = 0, change: Change | None = None
) -> str:
    cause = Cause("api", confidence="high", evidence=list(evidence), change=change)
    one = Incident(id="i", members=list(members), stream_count=streams, first_alert_at=100.0, causes=[cause])
    return short_reason(one, cause)


def test_a_change_before_the_first_alert_is_the_reason() -> None:
    change = Change(ts=76.0, entity="api", name="deploy", labels={"version": "8.14.6"})
    assert reason(Evidence("internal", 9.0, "x"), change=change) == "deploy 8.14.6, 24 s before"
    later = Change(ts=176.0, entity="api", name="deploy")
    assert reason(Evidence("blame", 9.0, "x"), change=later) == "slowness and errors are here"


def test_the_alert_of_the_cause_is_named_and_whether_others_have_it() -> None:
    own = Evidence("internal", 2.0, "JobFailed on api")
    assert reason(own, members=(member("JobFailed", "api"), member("Slow", "web"))) == "JobFailed only there"
    assert reason(own, members=(member("JobFailed", "api"), member("JobFailed", "web"))) == "JobFailed"
    # The record holds fewer streams than there are: nobody knows what the others are.
    assert reason(own, members=(member("JobFailed", "api"), member("Slow", "web")), streams=300) == "JobFailed"
    assert reason(own, members=(member("JobFailed", "api"),)) == "JobFailed"
    assert reason(own) == "JobFailed on api"


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence("blame", 1.0, "all weight leads along the dependencies to api"), "errors of its callers lead here"),
        (
            Evidence("blame", 1.0, "33% of the weight leads along the dependencies to api"),
            "errors of its callers lead here",
        ),
        (Evidence("blame", 1.0, "6% of the weight leads along the dependencies to api"), "6 % of the errors lead here"),
        (Evidence("contrast", 1.0, "x"), "unlike its siblings"),
        (Evidence("k8s/rollout", 1.0, "a rollout is stuck: api (rule k8s/rollout)"), "a rollout is stuck"),
        (Evidence("own-model", 1.0, ""), "own-model"),
    ],
)
def test_evidence_has_short_words(evidence: Evidence, words: str) -> None:
    assert reason(evidence, Evidence("signs", 0.5, "less")) == words


def test_the_weightiest_counts_and_nothing_gives_nothing() -> None:
    assert reason(Evidence("contrast", 1.0), Evidence("signs", -3.0)) == "such alerts were the cause before"
    assert reason() == ""


def test_a_person_outweighs_evidence() -> None:
    cause = Cause("api", evidence=[Evidence("contrast", 1.0)])
    assert short_reason(Incident(id="i", root_cause=RootCause("api")), cause) == "confirmed"


def test_hostile_text_is_one_short_line() -> None:
    found = reason(Evidence("x", 1.0, "a\nb " * 10_000))
    assert len(found) == MAX_REASON
    assert "\n" not in found
