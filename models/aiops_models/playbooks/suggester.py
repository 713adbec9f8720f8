"""The playbooks that fit an incident, each with the reasons that add up to its score.

Empty if none fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aiops.options import convert
from aiops.ports import AlertFact, IncidentView
from aiops.records import Suggestion
from aiops.respond.matching import Compiled, Fit, change_age, context, fit
from aiops.respond.runbooks import plain
from aiops.respond.situation import Situation, severity_label, situation
from aiops.respond.targets import alike_target, leading, target_of
from aiops.topology import Topology
from aiops.wording import plural
from aiops_models.model_digest import digest_of
from aiops_models.playbooks.base_rates import Usual
from aiops_models.playbooks.candidate import Candidate, main_alert, runbook_url
from aiops_models.playbooks.library import Library, SuggesterOptions
from aiops_models.playbooks.outcomes import Outcomes, first_chances, standard_normal
from aiops_models.playbooks.query import incident_query
from aiops_models.playbooks.runbook_candidates import LINKED, MIN_COVERAGE, MIN_WORDS, TEXT, runbook_candidates

MAX_SUGGESTIONS = 5
# A condition that somebody wrote and that holds outweighs any likeness of texts, which is worth at most TEXT.
MATCHED = 2.0
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
        found = self._playbooks(now) + runbook_candidates(self._library, now)
        self._weigh_outcomes(found)
        found.sort(key=lambda candidate: (-candidate.score, candidate.name))
        # What is shown is certain; which of it comes first is drawn. The probabilities of all that is shown sum to one.
        found = found[:MAX_SUGGESTIONS]
        self._explore(now, found)
        found.sort(key=lambda candidate: (-candidate.score, candidate.name))
        return [Suggestion(one.name, one.score, None, one.target, one.evidence, one.propensity) for one in found]

    def learn(self, view: IncidentView, playbook: str, outcome: str) -> None:
        """Count an outcome (resolved, helped, useless) for the playbook and the incident's leading alert."""
        decision = self._outcomes.decisions.get(view.id)
        alert = str(decision["alert"]) if decision else main_alert(situation(view, self._topology))
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
                made.append(_alike(library.compiled[index], now, like.shares[index]))
        if any(not library.compiled[index].playbook.general for index in fitting):
            for candidate in made:
                if library.compiled[library.by_name[candidate.name]].playbook.general:
                    candidate.add("general", GENERAL, "it is for a symptom, and a playbook for a cause fits as well")
        return made

    def _matched(self, index: int, now: Situation, fitting: Fit, like: float) -> Candidate:
        compiled = self._library.compiled[index]
        playbook = compiled.playbook
        lead = leading(fitting, now) or now.seen[0].fact
        made = Candidate(playbook.name, target_of(compiled, fitting, now), main_alert(now))
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
            link = runbook_url(seen.fact)
            if link and (link == url or plain(_last_part(link)) == plain(name)):
                made.add("runbook_url", LINKED, f"alert {seen.fact.name} names {link}")
                return

    def _weigh_outcomes(self, found: list[Candidate]) -> None:
        """Add what came of earlier uses, once anything is known of one of the candidates."""
        if not self._outcomes.known([candidate.name for candidate in found]):
            return
        for candidate in found:
            arm = (candidate.name, candidate.alert)
            mean, _ = self._outcomes.belief(arm)
            good, bad = self._outcomes.counts(*arm)
            candidate.add("outcomes", OUTCOME * mean, f"earlier uses: {good:.1f} good, {bad:.1f} bad")

    def _explore(self, now: Situation, found: list[Candidate]) -> None:
        """Add a draw from the uncertainty of the outcomes; record the probabilities."""
        if not any(evidence.name == "outcomes" for candidate in found for evidence in candidate.evidence):
            return
        arms = [(candidate.name, candidate.alert) for candidate in found]
        spreads = [OUTCOME * self._outcomes.belief(arm)[1] for arm in arms]
        chances = first_chances([candidate.score for candidate in found], spreads)
        for candidate, spread, chance in zip(found, spreads, chances, strict=True):
            drawn = spread * standard_normal(now.incident, candidate.name)
            candidate.propensity = round(chance, 6)
            candidate.add("exploration", drawn, f"first with probability {chance:.2f}")
        first = min(found, key=lambda candidate: (-candidate.score, candidate.name)).name
        propensities = {candidate.name: candidate.propensity or 0.0 for candidate in found}
        self._outcomes.record(now.incident, found[0].alert, propensities, first)


def _alike(compiled: Compiled, now: Situation, share: float) -> Candidate:
    made = Candidate(compiled.playbook.name, alike_target(compiled, now), main_alert(now))
    made.add("text", TEXT * share, f"no condition of it holds, but its text has {share:.0%} of the alerts' words")
    return made


def _last_part(link: str) -> str:
    path = link.split("?")[0].split("#")[0].rstrip("/").rpartition("/")[2]
    return path.removesuffix(".md").removesuffix(".html")
