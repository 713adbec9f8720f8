"""Rule packs: what is known of a platform, as data, switchable and reported apart.

A rule looks for an alert whose name and message contain given words, unless the same entity also raised one that
explains it otherwise, and lays weight on an entity: one named by a label of the alert, or one whose name holds a word.
Matching is by plain words, never by patterns compiled from payloads. Cost: rules x facts, some 50 µs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.ports import AlertFact
from aiops_models.causes.entity_names import MAX_MESSAGE, tail
from aiops_models.causes.incident_graph import IncidentGraph

# A rule that fires knows more than any surprise does: 6 is more than a dozen rare internal alerts weigh. Above 8
# nothing else could ever be named.
MAX_WEIGHT = 8.0
# Labels that become part of a name are cut, since they come from payloads.
MAX_LABEL = 253
# The name and the message of a fact in lower case.
Text = tuple[str, str]


class Sign(Struct, forbid_unknown_fields=True):
    """An alert whose name contains one of `name` and whose message one of `message`.

    Lower case, empty for any.
    """

    name: list[str] = []
    message: list[str] = []


class Blame(Struct, forbid_unknown_fields=True):
    """The target of the weight: `label` of the alert after `prefix`, or entities with one of `words`.

    `otherwise` is named if no known entity has the words in its name.
    """

    label: str | None = None
    prefix: str = ""
    words: list[str] = []
    otherwise: str | None = None


class Rule(Struct, forbid_unknown_fields=True):
    """One piece of knowledge."""

    name: str
    text: str
    when: Sign
    blame: Blame
    weight: float = 4.0
    unless: Sign | None = None


class Pack(Struct, forbid_unknown_fields=True):
    """A file of rules."""

    name: str
    summary: str
    rules: list[Rule]


class Verdict(Struct):
    """A rule that fired on an entity."""

    rule: str
    weight: float
    text: str


def load_packs(wanted: Sequence[str]) -> list[Pack]:
    """Packs by shipped name or by path; raise `UsageError` for what is not there or does not fit."""
    return [_load(str(each)) for each in wanted]


def shipped_packs() -> list[str]:
    """The names of the packs in this package."""
    return sorted(item.name.removesuffix(".yaml") for item in _folder().iterdir() if item.name.endswith(".yaml"))


def verdicts(packs: Iterable[Pack], graph: IncidentGraph) -> dict[str, list[Verdict]]:
    """Return entity -> the rules that accuse it, each at most once."""
    read = Texts(graph.view.facts)
    found: dict[str, list[Verdict]] = {}
    for pack in packs:
        for rule in pack.rules:
            for entity in _blamed(rule, read, graph):
                found.setdefault(entity, []).append(Verdict(f"{pack.name}/{rule.name}", rule.weight, rule.text))
    return found


class Texts:
    """Facts by name and message, each text in lower case once: a storm repeats few texts often."""

    def __init__(self, facts: Iterable[AlertFact]) -> None:
        """Read every fact once."""
        self._facts: list[tuple[Text, AlertFact]] = []
        lowered: dict[tuple[str, str | None], Text] = {}
        for fact in facts:
            key = fact.name, fact.message
            text = lowered.get(key)
            if text is None:
                text = lowered[key] = fact.name.lower(), (fact.message or "")[:MAX_MESSAGE].lower()
            self._facts.append((text, fact))
        self._texts = frozenset(lowered.values())

    def showing(self, sign: Sign) -> list[AlertFact]:
        """Return the facts that show a sign, in their order."""
        shown = {text for text in self._texts if _holds(text[1], sign.message) and _holds(text[0], sign.name)}
        return [fact for text, fact in self._facts if text in shown] if shown else []


def _blamed(rule: Rule, read: Texts, graph: IncidentGraph) -> dict[str, None]:
    """Return the entities that the rule accuses.

    Each step is one pass, since a storm may be all one kind of alert.
    """
    matching = read.showing(rule.when)
    if matching and rule.unless is not None:
        excused = {graph.placed(fact) for fact in read.showing(rule.unless)}
        matching = [fact for fact in matching if graph.placed(fact) not in excused]
    if rule.blame.label is not None:
        values = dict.fromkeys(fact.labels.get(rule.blame.label, "")[:MAX_LABEL] for fact in matching)
        return {graph.known(rule.blame.prefix + value): None for value in values if value}
    return dict.fromkeys(_worded(rule.blame, graph)) if matching else {}


def _holds(text: str, words: list[str]) -> bool:
    if not words:
        return True
    # Most facts fail at the first look; map costs a third of a generator there.
    return any(map(text.__contains__, words))


def _worded(blame: Blame, graph: IncidentGraph) -> list[str]:
    """Known entities with one of the words in their name, else the one to name otherwise."""
    named = [entity for entity in graph.candidates() if any(word in tail(entity).lower() for word in blame.words)]
    return named or ([graph.known(blame.otherwise)] if blame.otherwise else [])


@cache
def _load(name: str) -> Pack:
    try:
        raw = (_folder() / f"{name}.yaml").read_bytes() if name in shipped_packs() else Path(name).read_bytes()
        pack = msgspec.yaml.decode(raw, type=Pack)
    except OSError:
        raise UsageError(f"rules: expected one of {', '.join(shipped_packs())} or a file; got {name!r}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"rules {name}: {error}") from error
    for index, rule in enumerate(pack.rules):
        if not 0 < rule.weight <= MAX_WEIGHT:
            raise UsageError(
                f"rules {name}: $.rules[{index}].weight: expected above 0, at most {MAX_WEIGHT}; got {rule.weight}"
            )
    return pack


def _folder() -> Traversable:
    return files(__package__) / "rules"
