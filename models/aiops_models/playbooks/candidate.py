"""A suggestion that is being put together, from reasons that add up to its score."""

from __future__ import annotations

import re

from msgspec import Struct, field

from aiops.ports import AlertFact
from aiops.records import Evidence
from aiops.records.runbook_link import runbook_link
from aiops.respond.situation import Situation

_URL = re.compile(r"https?://[!-~]{1,480}")


class Candidate(Struct):
    """A suggestion that is being put together."""

    name: str
    target: str | None
    alert: str
    evidence: list[Evidence] = field(default_factory=list)
    propensity: float | None = None

    def add(self, name: str, value: float, text: str) -> None:
        """Add a reason.

        It is rounded: the score is the sum of the shown values on every machine.
        """
        self.evidence.append(Evidence(name, round(value, 4), text))

    @property
    def score(self) -> float:
        """The sum of the reasons."""
        return round(sum(evidence.value for evidence in self.evidence), 4)


def runbook_url(fact: AlertFact) -> str | None:
    """Return the link of an alert to its runbook, if it is a web address of plain characters."""
    link = runbook_link(fact.annotations, fact.labels)
    return link if link and _URL.fullmatch(link) else None


def main_alert(now: Situation) -> str:
    """Return the alert that outcomes are kept by: on the cause, else the most severe, else the first."""
    if not now.seen:
        return ""
    facts = [seen.fact for seen in now.seen]
    return min(facts, key=lambda fact: (not now.is_on_cause(fact), -fact.severity, fact.first_at, fact.name)).name
