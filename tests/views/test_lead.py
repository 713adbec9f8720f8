"""The lead below the verdict, the figures, and how an incident ended."""

from __future__ import annotations

import pytest

from aiops.records import Cause, RootCause
from aiops.views.lead import ended_text, figures, lasted_s, lead, mostly_over
from tests.views.sample import AT, incident, member


def test_lead_of_a_likely_cause() -> None:
    assert lead(incident()) == (
        "Likely the cause of 3 failing entities in 3 services. Deploy 8.14.6 went out 24 s before the first alert."
    )


def test_lead_drops_likely_only_once_a_person_confirmed() -> None:
    text = lead(incident(root_cause=RootCause("payments-api")))
    assert text.startswith("Confirmed as the cause of 3 failing entities")
    assert "ikely" not in text


def test_unclear_cause_names_suspects_without_claiming_one() -> None:
    text = lead(incident(causes=[Cause("search-api", 1.0), Cause("search-db", 0.9)]))
    assert text == "Cause not clear yet; perhaps search-api or search-db."
    assert lead(incident(causes=[])) == "No cause was ranked."


def test_cause_that_alone_alerts_is_not_called_the_cause_of_itself() -> None:
    alone = incident(
        causes=[Cause("payments-api", 1.0, confidence="high")],
        entities=["payments-api"],
        entity_count=1,
        workloads=[],
        services=["payments-api"],
    )
    assert lead(alone) == "Nothing else alerts."


def test_storm_states_that_nothing_ties_its_alerts() -> None:
    assert "no cause is ranked" in lead(incident(is_storm=True))


def test_figures_count_and_name_what_is_hurt() -> None:
    found = figures(incident())
    assert (found.alerts, found.streams, found.firing, found.entities) == (262, 19, 18, 3)
    assert (found.hurts, found.more_hurt) == (["payments-gateway", "payments-sync"], 0)
    assert figures(incident(entity_count=50, more_entities=True)).is_at_least


def test_duration_leaves_out_the_quiet_before_the_end() -> None:
    ended = incident(status="resolved", quiet_at=AT + 1_800, resolved_at=AT + 88_200)
    assert lasted_s(ended) == 1_800
    assert lasted_s(incident()) is None
    assert lasted_s(incident(status="resolved", resolved_at=AT + 60)) == 60


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"playbook": "rollback", "resolved_by": "alice"}, "Fixed by rollback; resolved by alice."),
        ({"playbook": "rollback"}, "Fixed by rollback."),
        ({"resolved_by": "alice", "firing_count": 2}, "Ended by alice; 2 streams still firing."),
        ({"quiet_at": AT, "resolved_at": AT + 1_800, "firing_count": 0}, "No alert for 30 min."),
        ({"quiet_at": None, "resolved_at": AT}, "All of its alerts resolved."),
    ],
)
def test_end_has_its_reason(changes: dict[str, object], text: str) -> None:
    assert ended_text(incident(status="resolved", **changes)).startswith(text)
    assert ended_text(incident()) == ""


def test_an_incident_that_is_mostly_over_names_what_still_fires() -> None:
    ended = [member("Slow", f"web-{number}", status="resolved") for number in range(3)]
    one = incident(stream_count=33, firing_count=3, members=[*ended, member("ProbeFailed", "accounts-gateway")])
    over = "Mostly over: 3 of 33 streams still fire (ProbeFailed on accounts-gateway and 2 more)."
    assert lead(one).startswith(f"{over} Likely the cause")
    assert mostly_over(incident(stream_count=33, firing_count=1, members=ended)) == (
        "Mostly over: 1 of 33 streams still fires."
    )
    assert mostly_over(incident(firing_count=0)) == "Nothing fires any more: all 19 streams have ended."


def test_an_incident_that_lasts_or_ended_is_not_called_mostly_over() -> None:
    assert mostly_over(incident()) == ""
    assert mostly_over(incident(status="resolved", stream_count=33, firing_count=3)) == ""
