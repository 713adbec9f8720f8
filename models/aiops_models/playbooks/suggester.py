"""The playbooks that fit an incident, each with the reasons that add up to its score.

Empty if none fits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from aiops.options import convert
from aiops.ports import AlertFact, IncidentView
from aiops.records import Evidence, Suggestion
from aiops.records.runbook_link import runbook_link
from aiops.respond.matching import Fit, change_age, context, fit
from aiops.respond.playbook_tests import leading, target_of
from aiops.respond.runbooks import plain
from aiops.respond.situation import Situation, severity_label, situation
from aiops.topology import Topology
from aiops.wording import plural
from aiops_models.model_digest import digest_of
from aiops_models.playbooks.base_rates import Usual
from aiops_models.playbooks.library import Library, SuggesterOptions
from aiops_models.playbooks.outcomes import Outcomes
from aiops_models.playbooks.query import incident_query

MAX_SUGGESTIONS = 5
# A condition that somebody wrote and that holds outweighs any likeness of texts, which is worth at most TEXT.
MATCHED = 2.0
TEXT = 1.5
# The share of the alerts that a playbook matches, and a match on the suspected cause.
SAME_NAME = 3.0
LINKED = 2.0
# The share of the alerts that a playbook matches, and a match on the suspected cause.
SHARE = 0.5
ON_CAUSE = 1.0
ON_SERVICE = 0.6
RUNNERS_UP = (0.5, 0.3)
SURE = {"low": 0.5, "medium": 0.8, "high": 1.0}
KIND = 0.4
CLASS = 0.4
CHANGED = 1.0
# Most bad changes show within minutes; after a quarter of an hour a change is as likely to be chance.
CHANGE_FADES_S = 900.0
# What fails first on the cause is nearer to the fault than what follows on it.
FIRST = 0.3
# A playbook for a symptom stands back where one for a cause fits.
GENERAL = -0.8
# A playbook that fits nearly every incident (start-up noise, a constant alert) is weak evidence for this one.
UNUSUAL = 2.0
# One nat of log-odds of past success is worth a third of a written condition: it reorders what fits, no more.
OUTCOME = 0.7
# Share of the query's words, by weight, that a text must have where no condition holds, and how many words. Below,
# likeness comes from words such as "high" and "rate": see the table on abstaining in benchmarks/accuracy/playbooks.py.
MIN_COVERAGE = 0.40
MIN_WORDS = 2

_URL = re.compile(r"https?://[!-~]{1,480}")


class Candidate(Struct):
    """A suggestion that is being put together."""

    name: str
    target: str | None
    alert: str
    evidence: list[Evidence] = field(default_factory=list)

    def add(self, name: str, value: float, text: str) -> None:
        """Add a reason.

        It is rounded: the score is the sum of the shown values on every machine.
        """
        self.evidence.append(Evidence(name, round(value, 4), text))

    @property
    def score(self) -> float:
        """The sum of the reasons."""
        return round(sum(evidence.value for evidence in self.evidence), 4)


class PlaybookSuggester:
    """Suggest playbooks and runbooks by written conditions first, then by text, links and outcomes.

    Files that cannot be used are left out and listed in `problems`. Implements `Suggester` and `Stateful`.
    """

    Options = SuggesterOptions

    def __init__(self, topology: Topology, options: Mapping[str, Any] | None = None) -> None:
        self._topology = topology
        self._library = Library(convert(options or {}, SuggesterOptions, "playbook suggester"))
        self._outcomes = Outcomes()
        self._usual = Usual()

    @property
    def digest(self) -> str:
        """Of the playbooks and runbooks."""
        return digest_of([one.playbook for one in self._library.compiled], self._library.runbooks)

    @property
    def problems(self) -> list[str]:
        """Files and expressions that could not be used."""
        return self._library.problems

    @property
    def outcomes(self) -> Outcomes:
        """Return the learned outcomes, and the decisions with their propensities."""
        return self._outcomes

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        """At most 5 suggestions, best first; empty where nothing fits."""
        now = situation(view, self._topology)
        if not now.seen:
            return []
        found = self._playbooks(now) + self._runbooks(now)
        found.sort(key=lambda candidate: (-candidate.score, candidate.name))
        found = found[: MAX_SUGGESTIONS * 2]
        self._explore(now, found)
        found.sort(key=lambda candidate: (-candidate.score, candidate.name))
        return [Suggestion(one.name, one.score, None, one.target, one.evidence) for one in found[:MAX_SUGGESTIONS]]

    def learn(self, view: IncidentView, playbook: str, outcome: str) -> None:
        """Count an outcome (resolved, helped, useless) for the playbook and the incident's leading alert."""
        decision = self._outcomes.decisions.get(view.id)
        alert = str(decision["alert"]) if decision else _main_alert(situation(view, self._topology))
        self._outcomes.learn(playbook, alert, outcome)

    def knows(self, playbook: str) -> bool:
        """Return True if a playbook or a runbook of that name exists."""
        library = self._library
        return playbook in library.by_name or any(one.name == playbook for one in library.runbooks)

    def dump(self) -> Any:
        """Outcomes, decisions and what is usual, as what msgspec can encode."""
        return {"outcomes": self._outcomes.dump(), "usual": self._usual.dump()}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._outcomes.load(state["outcomes"])
        self._usual.load(state["usual"])

    def _playbooks(self, now: Situation) -> list[Candidate]:
        library = self._library
        like = library.playbook_index.likeness(incident_query(now))
        hits = library.hits(now.seen, bool(now.changes))
        fits = {index: fit(library.compiled[index], now, found) for index, found in hits.items()}
        fitting = [index for index, one in fits.items() if one.ok]
        self._usual.see(now.incident, [library.compiled[index].playbook.name for index in fitting])
        alike = [
            index
            for index, words in enumerate(like.words)
            if words >= MIN_WORDS and like.shares[index] >= MIN_COVERAGE and index not in fits
        ]
        made: list[Candidate] = []
        for index in sorted([*fitting, *alike]):
            if index in fits:
                made.append(self._matched(index, now, fits[index], like.scores[index] / (like.ceiling or 1.0)))
            elif context(library.compiled[index], now) is None:
                made.append(_alike(library.compiled[index].playbook.name, now, like.shares[index]))
        if any(not library.compiled[index].playbook.general for index in fitting):
            for candidate in made:
                if library.compiled[library.by_name[candidate.name]].playbook.general:
                    candidate.add("general", GENERAL, "it is for a symptom, and a playbook for a cause fits as well")
        return made

    def _matched(self, index: int, now: Situation, fitting: Fit, like: float) -> Candidate:
        compiled = self._library.compiled[index]
        playbook = compiled.playbook
        lead = leading(fitting, now) or now.seen[0].fact
        made = Candidate(playbook.name, target_of(compiled, fitting, now) or lead.entity, _main_alert(now))
        share = len(fitting.facts) / len(now.seen)
        made.add("alerts", MATCHED, f"{lead.name} on {lead.entity} fits its conditions")
        made.add("share", SHARE * share, f"it matches {len(fitting.facts)} of {plural(len(now.seen), 'alert stream')}")
        on = self._on_cause(lead, now)
        if on:
            sure = SURE.get(now.confidence or "low", 0.5)
            made.add("cause", on * sure, f"{lead.entity} is of the suspected cause")
        else:
            self._runner_up(made, fitting, now)
        if now.kind is not None and now.kind in compiled.kinds:
            made.add("cause kind", KIND, f"it is meant for a {now.kind}")
        if now.classes.intersection(playbook.match.cause.class_):
            made.add("cause class", CLASS, f"the cause's alerts are about {', '.join(sorted(now.classes))}")
        if compiled.min_severity:
            made.add("severity", 0.1, f"severity is {severity_label(now.severity)}")
        age = change_age(compiled, now)
        if age is not None:
            text = f"the suspected cause was changed {age / 60:.0f} min before"
            made.add("change", CHANGED * math.exp(-age / CHANGE_FADES_S), text)
        if on and lead.first_at <= min(seen.fact.first_at for seen in now.seen if self._on_cause(seen.fact, now)):
            made.add("first", FIRST, f"{lead.name} was the first alert on the suspected cause")
        rarity, text = self._usual.rarity(playbook.name)
        if text:
            made.add("rarity", UNUSUAL * rarity, text)
        if like > 0:
            made.add("text", TEXT * like, f"its text is {like:.0%} alike to the alerts' words")
        self._link(made, playbook.name, playbook.runbook_url, now)
        return made

    def _on_cause(self, lead: AlertFact, now: Situation) -> float:
        """Return the value of an alert on the suspected cause, or on another part of its service."""
        if now.cause is None:
            return 0.0
        if now.is_on_cause(lead):
            return ON_CAUSE
        near = now.service is not None and now.service in (lead.service, self._topology.service_of(lead.entity))
        return ON_SERVICE if near or now.cause == lead.service else 0.0

    def _runner_up(self, made: Candidate, fitting: Fit, now: Situation) -> None:
        """Half of what the first cause is worth, for an alert on the second, and less on the third."""
        entities = {now.seen[index].fact.entity for index in fitting.facts}
        for other, value in zip(now.runners_up, RUNNERS_UP, strict=False):
            if other in entities:
                made.add("cause", value, f"{other} is among the next suspected causes")
                return

    def _link(self, made: Candidate, name: str, url: str | None, now: Situation) -> None:
        for seen in now.seen:
            link = _runbook_url(seen.fact)
            if link and (link == url or plain(_last_part(link)) == plain(name)):
                made.add("runbook_url", LINKED, f"alert {seen.fact.name} names {link}")
                return

    def _runbooks(self, now: Situation) -> list[Candidate]:
        library = self._library
        found: dict[int, Candidate] = {}
        for seen in now.seen:
            link = _runbook_url(seen.fact)
            for key, weight, text in (
                (plain(seen.fact.name), SAME_NAME, f"it is the runbook of {seen.fact.name}"),
                (plain(_last_part(link)) if link else "", LINKED, f"alert {seen.fact.name} names {link}"),
            ):
                index = library.by_alert.get(key) if key else None
                if index is not None:
                    made = found.setdefault(index, _runbook(library.runbooks[index].name, seen.fact, now))
                    if not any(evidence.value == weight for evidence in made.evidence):
                        made.add("runbook", weight, text)
        if not found and library.runbooks:
            found = self._alike_runbooks(now)
        return [*found.values(), *([] if found else _linked(now))]

    def _alike_runbooks(self, now: Situation) -> dict[int, Candidate]:
        query = incident_query(now)
        index = self._library.runbook_index
        found: dict[int, Candidate] = {}
        for number, _ in index.best(query, 2):
            share, words = index.coverage(query, number)
            if share >= MIN_COVERAGE and words >= MIN_WORDS:
                made = _runbook(self._library.runbooks[number].name, now.seen[0].fact, now)
                made.add(
                    "text", TEXT * share, f"no runbook has its name; this one has {share:.0%} of the alerts' words"
                )
                found[number] = made
        return found

    def _explore(self, now: Situation, found: list[Candidate]) -> None:
        """Add the outcomes' evidence, and a draw from its uncertainty; record the probabilities."""
        if not found or not self._outcomes.known([candidate.name for candidate in found]):
            return
        arms = [(candidate.name, candidate.alert) for candidate in found]
        fixed = [candidate.score for candidate in found]
        chances = self._outcomes.propensities(now.incident, arms, fixed, OUTCOME)
        for candidate, arm, drawn, chance in zip(
            found, arms, self._outcomes.draw(now.incident, arms), chances, strict=True
        ):
            mean, _ = self._outcomes.belief(arm)
            good, bad = self._outcomes.counts(*arm)
            candidate.add("outcomes", OUTCOME * mean, f"earlier uses: {good:.1f} good, {bad:.1f} bad")
            candidate.add("exploration", OUTCOME * (drawn - mean), f"first with probability {chance:.2f}")
        first = min(found, key=lambda candidate: (-candidate.score, candidate.name)).name
        propensities = {arm[0]: round(chance, 4) for arm, chance in zip(arms, chances, strict=True)}
        self._outcomes.record(now.incident, found[0].alert, propensities, first)


def _alike(name: str, now: Situation, share: float) -> Candidate:
    made = Candidate(name, now.cause or now.seen[0].fact.entity, _main_alert(now))
    made.add("text", TEXT * share, f"no condition of it holds, but its text has {share:.0%} of the alerts' words")
    return made


def _runbook(name: str, fact: AlertFact, now: Situation) -> Candidate:
    return Candidate(f"runbook/{name}", fact.entity, _main_alert(now))


def _linked(now: Situation) -> list[Candidate]:
    """The link that an alert itself carries, as text only: nothing is ever fetched from it."""
    for seen in now.seen:
        link = _runbook_url(seen.fact)
        if link:
            made = Candidate("runbook-of-the-alert", seen.fact.entity, _main_alert(now))
            made.add("runbook_url", 1.0, f"alert {seen.fact.name} names {link}")
            return [made]
    return []


def _runbook_url(fact: AlertFact) -> str | None:
    link = runbook_link(fact.annotations, fact.labels)
    return link if link and _URL.fullmatch(link) else None


def _last_part(link: str | None) -> str:
    path = (link or "").split("?")[0].split("#")[0].rstrip("/").rpartition("/")[2]
    return path.removesuffix(".md").removesuffix(".html")


def _main_alert(now: Situation) -> str:
    """The alert that outcomes are kept by: on the suspected cause, else the most severe, else the first."""
    if not now.seen:
        return ""
    facts = [seen.fact for seen in now.seen]
    return min(facts, key=lambda fact: (not now.is_on_cause(fact), -fact.severity, fact.first_at, fact.name)).name
