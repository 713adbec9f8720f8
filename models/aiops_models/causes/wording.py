"""Plain sentences for evidence: what a person on call reads."""

from __future__ import annotations

from collections.abc import Sequence

from aiops_models.causes.changes import Suspect
from aiops_models.causes.contrast import peers_of, without
from aiops_models.causes.lexicon import INTERNAL
from aiops_models.causes.rules import Verdict
from aiops_models.causes.scene import Signal
from aiops_models.causes.surprise import Surprise

# Alert names listed in one sentence; names are cut to this many characters, since they come from payloads.
LISTED = 3
MAX_TEXT = 80


def internal_text(surprise: Surprise, entity: str) -> str:
    """What the entity itself suffers."""
    own = [s for s in surprise.signals(entity) if s.cls in INTERNAL]
    return f"{_names(own)} on {_cut(entity)}{_rarity(surprise, own)}"


def symptom_text(surprise: Surprise, entity: str) -> str:
    """What users see of the entity."""
    seen = [s for s in surprise.signals(entity) if s.cls not in INTERNAL]
    return f"{_names(seen)} seen at {_cut(entity)}"


def contrast_text(surprise: Surprise, entity: str) -> str:
    """How the entity differs from its siblings."""
    peers = peers_of(surprise, entity)
    lacking = {s.type: without(surprise, peers, s.type) for s in surprise.signals(entity)}
    own = [s for s in surprise.signals(entity) if lacking[s.type]]
    most = max(lacking.values(), default=0)
    return f"{_names(own)} on {_cut(entity)} that {most} of {len(peers) - 1} siblings do not show"


def blame_text(surprise: Surprise, entity: str, share: float) -> str:
    """How much of the complaints leads here along the dependencies."""
    silent = "" if entity in surprise.scene.by_entity else ", which itself raised no alert"
    return f"{share:.0%} of the latency and error complaints lead along the dependencies to {_cut(entity)}{silent}"


def change_text(suspect: Suspect) -> str:
    """What was changed, and when."""
    change = suspect.change
    what = _cut(" ".join(part for part in (change.name, change.message or "") if part))
    when = f"{_span(suspect.before_s)} before" if suspect.before_s >= 0 else f"{_span(-suspect.before_s)} after"
    return f"{what} on {_cut(change.entity)} {when} the first alert"


def signs_text(surprise: Surprise, entity: str) -> str:
    """What the memory of confirmed roots says."""
    return (
        f"{_names(surprise.signals(entity))} on {_cut(entity)}: such alerts were more often on the cause than elsewhere"
    )


def likeness_text(entity: str, similarity: float, incident: str) -> str:
    """Which past incident speaks against the entity."""
    return f"incident {_cut(incident)}, {similarity:.0%} alike, was caused by {_cut(entity)}"


def rule_text(verdict: Verdict, entity: str) -> str:
    """What a rule says, and of whom."""
    return f"{verdict.text}: {_cut(entity)} (rule {verdict.rule})"


def _names(signals: Sequence[Signal]) -> str:
    names = list(dict.fromkeys(signal.name for signal in signals))
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(map(_cut, names[:LISTED])) + more


def _rarity(surprise: Surprise, own: Sequence[Signal]) -> str:
    """How many others have the leading signal."""
    if not own:
        return ""
    others = len(surprise.holders(own[0].type)) - 1
    return ", which nothing else has" if others == 0 else f", the first of which {others} others have too"


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
