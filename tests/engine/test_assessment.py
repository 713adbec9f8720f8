"""What ranking says of an incident: nothing until something is known."""

from __future__ import annotations

from aiops.engine.assessment import Assessment
from aiops.records import Cause


def test_new_assessment_says_nothing_and_shares_no_lists() -> None:
    first, second = Assessment(), Assessment()
    first.causes.append(Cause("db"))
    assert (second.causes, second.trust, second.playbooks, second.similar) == ([], "", [], [])
    assert first != second
