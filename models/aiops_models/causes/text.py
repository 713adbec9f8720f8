"""Plain sentences for evidence: what a person on call reads."""

from __future__ import annotations

from collections.abc import Sequence

from aiops.wording import located
from aiops_models.causes.changes import Suspect
from aiops_models.causes.incident_graph import Signal
from aiops_models.causes.lexicon import INTERNAL
from aiops_models.causes.memory import Memory
from aiops_models.causes.random_walk import ROUNDS
from aiops_models.causes.rarity import Surprise
from aiops_models.causes.rules import Verdict
from aiops_models.causes.sibling_contrast import peers_of, without

# Alert names listed in one sentence; names are cut to this many characters, since they come from payloads.
LISTED = 3
MAX_TEXT = 80
# The ranker's input, and so the limit of its sentences.
HERE = "this incident"


def internal_text(surprise: Surprise, entity: str) -> str:
    """Describe the entity's own symptoms."""
    own = [s for s in surprise.signals(entity) if s.cls in INTERNAL]
    return f"{located(_names(own), _cut(entity))}{_rarity(surprise, own)}"


def symptom_text(surprise: Surprise, entity: str) -> str:
    """Describe the symptoms that users see of the entity."""
    seen = [s for s in surprise.signals(entity) if s.cls not in INTERNAL]
    return f"{_names(seen)} seen at {_cut(entity)}"


def contrast_text(surprise: Surprise, entity: str) -> str:
    """Describe the difference of the entity from its siblings."""
    peers = peers_of(surprise, entity)
    lacking = {s.type: without(surprise, peers, s.type) for s in surprise.signals(entity) if s.cls in INTERNAL}
    own = [s for s in surprise.signals(entity) if lacking.get(s.type)]
    counts = {lacking[s.type] for s in own}
    most = f"{'up to ' if len(counts) > 1 else ''}{max(counts, default=0)}"
    return f"{located(_names(own), _cut(entity))} that {most} of {len(peers) - 1} siblings do not show"


def walk_text(surprise: Surprise, entity: str, share: float) -> str:
    """Describe the latency and error complaints, and the part that leads here along known dependencies.

    `share` is the part that the walk brings here. Dependencies are mentioned only if it came along them.
    """
    own = surprise.blamed(entity) if entity in surprise.graph.by_entity else 0.0
    if _complaining_dependents(surprise, entity):
        here = "is on or leads" if own > 0 else "leads"
        silent = "" if entity in surprise.graph.by_entity else f", which raised no alert in {HERE}"
        return f"{_weight(share)} {here} along the dependencies to {_cut(entity)}{silent}"
    if own <= 0:
        return f"{_weight(share)} leads back to {_cut(entity)}, which depends on what complains"
    if any(_complains(surprise, other) for other in surprise.graph.edges().get(entity, ())):
        return f"{_weight(share)} stays on {_cut(entity)}, whose dependencies complain as well"
    total = sum(map(surprise.blamed, surprise.graph.by_entity))
    return f"{_weight(own / total)} is on {_cut(entity)} itself"


def _weight(share: float) -> str:
    """A share of the complaints, which count by how unusual they are.

    >>> _weight(0.318), _weight(1.0)
    ('32% of the weight of the latency and error complaints', 'all weight of the latency and error complaints')
    """
    part = "all" if share >= 0.995 else f"{share:.0%} of the"
    return f"{part} weight of the latency and error complaints"


def _complains(surprise: Surprise, entity: str) -> bool:
    return entity in surprise.graph.by_entity and surprise.blamed(entity) > 0


def _complaining_dependents(surprise: Surprise, entity: str) -> bool:
    """Return True if a complaining entity depends on this one, as far up as the walk goes."""
    above, seen, ring = surprise.graph.above(), {entity}, {entity}
    for _ in range(ROUNDS):
        ring = {user for one in ring for user in above.get(one, ())} - seen
        if any(_complains(surprise, user) for user in ring):
            return True
        seen |= ring
    return False


def change_text(suspect: Suspect) -> str:
    """Describe the change and its time."""
    change = suspect.change
    what = _cut(" ".join(part for part in (change.name, change.message or "") if part))
    when = f"{_span(suspect.before_s)} before" if suspect.before_s >= 0 else f"{_span(-suspect.before_s)} after"
    return f"{what} on {_cut(change.entity)} {when} the first alert"


def signs_text(surprise: Surprise, entity: str, memory: Memory) -> str:
    """Describe the matches with the memory of confirmed roots."""
    own = [s for s in surprise.signals(entity) if memory.signs([(surprise.graph.lasting(entity), s.type)]) > 0]
    return f"{_names(own)} on {_cut(entity)}: such alerts were more often on confirmed causes than alerts at large"


def silence_text(surprise: Surprise, entity: str, memory: Memory) -> str:
    """Describe how often the entity was the cause and raised nothing."""
    times = memory.silent_times(surprise.graph.lasting(entity))
    was = "once" if times == 1 else f"{times} times"
    return f"{_cut(entity)} raised no alert, and was {was} the confirmed cause without one"


def likeness_text(surprise: Surprise, entity: str, similarity: float, incident: str) -> str:
    """Describe the past incident that resembles this one.

    A confirmed service also counts against its replicas.
    """
    workload = surprise.graph.lasting(entity)
    who = _cut(entity) + ("" if surprise.graph.group_of(entity) == entity else " or its service")
    who = who if workload == entity else f"{_cut(workload)}, whose replica {_cut(entity)} is"
    return f"incident {_cut(incident)}, {similarity:.0%} alike, was confirmed to be caused by {who}"


def rule_text(verdict: Verdict, entity: str) -> str:
    """Describe a rule that fired, and its subject."""
    return f"{verdict.text}: {_cut(entity)} (rule {verdict.rule})"


def _names(signals: Sequence[Signal]) -> str:
    names = list(dict.fromkeys(signal.name for signal in signals))
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(map(_cut, names[:LISTED])) + more


def _rarity(surprise: Surprise, own: Sequence[Signal]) -> str:
    """Describe how many others have the leading signal."""
    if not own:
        return ""
    others = len(surprise.holders(own[0].type)) - 1
    which = ", which" if len(own) == 1 else ", the first of which"
    holders = "nothing else has" if others == 0 else "1 other has too" if others == 1 else f"{others} others have too"
    return f"{which} {holders} in {HERE}"


def _span(seconds: float) -> str:
    """A duration in words short enough for a sentence.

    >>> _span(41.2), _span(600), _span(7300)
    ('41 s', '10 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _cut(text: str) -> str:
    """One line of at most `MAX_TEXT` characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
