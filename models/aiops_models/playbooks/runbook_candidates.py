"""Runbooks of an incident: by the alert's name or link, else by the rules like it and by text."""

from __future__ import annotations

from collections.abc import Iterator

from aiops.ports import AlertFact
from aiops.respond.runbooks import plain
from aiops.respond.situation import Situation
from aiops.wording import plural
from aiops_models.playbooks.candidate import Candidate, main_alert, runbook_url
from aiops_models.playbooks.library import Library
from aiops_models.playbooks.linked_rules import Neighbour, rule_query
from aiops_models.playbooks.query import expression_of, incident_query, texts_of

SAME_NAME = 3.0
LINKED = 2.0
# A text that is alike is worth less than a condition that holds, however alike it is.
TEXT = 1.5
# Share of the query's words, by weight, that a text must have where no condition holds, and how many words. Below,
# likeness comes from words such as "high" and "rate": see the table on abstaining in benchmarks/accuracy/playbooks.py.
MIN_COVERAGE = 0.40
MIN_WORDS = 2
# Once one runbook has that share, the next ones are shown with a half of it. With the whole share for each, the right
# one is among the five shown for .763 of real alerts with rules, with this for .792.
NEXT_COVERAGE = 0.20
# As many as are shown of playbooks and runbooks together.
MAX_ALIKE = 5


def runbook_candidates(library: Library, now: Situation) -> list[Candidate]:
    """Return the runbooks that fit, in no order; the alert's own link as text where the folder has none."""
    found: dict[int, Candidate] = {}
    for fact, index, weight, text in _named(library, now):
        made = found.setdefault(index, _candidate(library, index, fact, now))
        if not any(evidence.value == weight for evidence in made.evidence):
            made.add("runbook", weight, text)
    if not found and library.runbooks:
        found = alike_runbooks(library, now)
    return [*found.values(), *([] if found else _linked(now))]


def _named(library: Library, now: Situation) -> Iterator[tuple[AlertFact, int, float, str]]:
    """Yield the runbooks that an alert names: the alert, the runbook, the worth and the reason."""
    for seen in now.seen:
        fact, link = seen.fact, runbook_url(seen.fact)
        index = library.by_alert.get(plain(fact.name))
        if index is not None:
            yield fact, index, SAME_NAME, f"it is the runbook of {fact.name}"
        index = library.links.resolve(link) if link else None
        if index is not None:
            yield fact, index, LINKED, f"alert {fact.name} names {link}"
            continue
        index = library.rules.by_name.get(fact.name)
        if index is not None:
            yield fact, index, LINKED, f"the rule of {fact.name} links to it"


def alike_runbooks(library: Library, now: Situation) -> dict[int, Candidate]:
    """Return the runbooks of rules like the alerts, and those whose text is like them, best first."""
    near = _neighbours(library, now)
    extra = {index: one.value for index, one in near.items()}
    ranked = library.runbook_search.best(incident_query(now), MAX_ALIKE, extra)
    is_known = bool(near) or any(one.share >= MIN_COVERAGE and one.words >= MIN_WORDS for one in ranked)
    made: dict[int, Candidate] = {}
    for found in ranked if is_known else ():
        neighbour = near.get(found.index)
        if neighbour is None and (found.share < NEXT_COVERAGE or found.words < MIN_WORDS):
            continue
        one = made[found.index] = _candidate(library, found.index, now.seen[0].fact, now)
        text = TEXT * (found.score - (neighbour.value if neighbour is not None else 0.0))
        if text > 0.0:
            one.add("text", text, f"no runbook has its name; this one has {found.share:.0%} of the alerts' words")
        if neighbour is not None:
            others = plural(neighbour.alerts, "rule")
            reason = f"rule {neighbour.rule} is like it and links here, as {others} do in all"
            one.add("rules", TEXT * neighbour.value, reason)
    return made


def _neighbours(library: Library, now: Situation) -> dict[int, Neighbour]:
    """Return the runbooks that rules like the alert on the suspected cause, or the first alert, link to."""
    lead = next((seen.fact for seen in now.seen if now.is_on_cause(seen.fact)), now.seen[0].fact)
    return library.rules.neighbours(rule_query(texts_of(lead), expression_of(lead.url)), [lead.name])


def _candidate(library: Library, index: int, fact: AlertFact, now: Situation) -> Candidate:
    return Candidate(f"runbook/{library.runbooks[index].name}", fact.entity, main_alert(now))


def _linked(now: Situation) -> list[Candidate]:
    """Return the link that an alert itself carries, as text only: nothing is ever fetched from it."""
    for seen in now.seen:
        link = runbook_url(seen.fact)
        if link:
            made = Candidate("runbook-of-the-alert", seen.fact.entity, main_alert(now))
            made.add("runbook_url", 1.0, f"alert {seen.fact.name} names {link}")
            return [made]
    return []
