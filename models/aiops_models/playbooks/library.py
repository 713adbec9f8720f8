"""Playbooks and runbooks made ready for suggesting: conditions compiled, texts indexed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.respond.alert_rules import read_rules
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.format import Playbook
from aiops.respond.matching import Compiled, compile_match, hit
from aiops.respond.runbooks import Runbook, plain, read_runbooks
from aiops.respond.situation import Seen
from aiops_models.playbooks.linked_rules import LinkedRules, Links
from aiops_models.playbooks.runbook_search import RunbookSearch
from aiops_models.playbooks.triggers import Triggers
from aiops_models.retrieval import Bm25

# The parts that describe a playbook best in the fewest words weigh most. `whenNotToUse` is left out: it names other
# problems.
PLAYBOOK_WEIGHTS = {"name": 3.0, "alerts": 3.0, "summary": 2.0, "use": 1.5, "symptoms": 2.0, "body": 0.3}
# Names and texts of alerts whose answers are remembered. Rules have a few thousand names; older ones are found again.
MAX_NAMES = 4_096

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class SuggesterOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the playbook suggester."""

    playbooks: Annotated[
        str | list[str] | None,
        Meta(description="Playbooks to suggest (a folder, a file or a list of them); the shipped catalogue otherwise."),
    ] = None
    runbooks: Annotated[
        str | None, Meta(description="Folder of Markdown runbooks, one file an alert, that are suggested too.")
    ] = None
    rules: Annotated[
        str | list[str] | None,
        Meta(
            description="Files of Prometheus alerting rules (a folder, a file or a list of them): their links to the "
            "runbooks are used for alerts that have none."
        ),
    ] = None


class Library:
    """The playbooks and runbooks of one suggester. Reading happens once, when it is made."""

    def __init__(self, options: SuggesterOptions) -> None:
        catalogue = read_catalogue(_places(options.playbooks))
        self.problems = list(catalogue.problems)
        self.compiled: list[Compiled] = []
        for playbook in catalogue.playbooks.values():
            self._take(playbook, catalogue.files[playbook.name])
        folder = options.runbooks
        self.runbooks: list[Runbook] = read_runbooks(Path(folder)) if folder else []
        self.by_alert = {plain(book.alert): index for index, book in reversed(list(enumerate(self.runbooks)))}
        self.links = Links(self.runbooks)
        rules, problems = read_rules(_places(options.rules)) if options.rules else ([], [])
        self.problems += problems
        self.rules = LinkedRules(self.links.of(rules))
        self.by_name = {one.playbook.name: index for index, one in enumerate(self.compiled)}
        self.playbook_index = Bm25([_playbook_text(one.playbook) for one in self.compiled], PLAYBOOK_WEIGHTS)
        self.runbook_search = RunbookSearch(self.runbooks)
        self._changes = [index for index, one in enumerate(self.compiled) if one.playbook.match.change]
        self._by_labels = [index for index, one in enumerate(self.compiled) if not one.by_text]
        texts = ((index, one.triggers or ()) for index, one in enumerate(self.compiled) if one.by_text)
        self._triggers = Triggers(texts)
        self._names: dict[str, tuple[int, ...]] = {}
        self._texts: dict[tuple[str, str | None, str], tuple[tuple[int, int], ...]] = {}

    def _take(self, playbook: Playbook, file: str) -> None:
        try:
            self.compiled.append(compile_match(playbook))
        except UsageError as error:
            self.problems.append(f"{file}: {error}")

    def hits(self, seen: list[Seen], changed: bool) -> dict[int, list[tuple[int, int]]]:
        """Return the positions of the matching alerts for each playbook, in catalogue order.

        Each position has the parts that the alert satisfies. `changed` adds the playbooks that a change alone can
        trigger.
        """
        found: dict[int, list[tuple[int, int]]] = {index: [] for index in self._changes} if changed else {}
        for position, one in enumerate(seen):
            for index, mask in self._of_text(one):
                found.setdefault(index, []).append((position, mask))
            for index in self._by_labels:
                mask = hit(self.compiled[index], one)
                if mask:
                    found.setdefault(index, []).append((position, mask))
        return dict(sorted(found.items()))

    def _of_text(self, seen: Seen) -> tuple[tuple[int, int], ...]:
        key = (seen.fact.name, seen.fact.source, seen.text)
        known = self._texts.get(key)
        if known is None:
            candidates = sorted({*self._of_name(seen), *self._triggers.playbooks(seen.text)})
            masks = ((index, hit(self.compiled[index], seen)) for index in candidates)
            known = tuple((index, mask) for index, mask in masks if mask)
            _remember(self._texts, key, known)
        return known

    def _of_name(self, seen: Seen) -> tuple[int, ...]:
        known = self._names.get(seen.fact.name)
        if known is None:
            every = enumerate(self.compiled)
            known = tuple(index for index, one in every if one.by_text and (one.triggers is None or one.by_name(seen)))
            _remember(self._names, seen.fact.name, known)
        return known


def _remember(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(known) >= MAX_NAMES:
        del known[next(iter(known))]
    known[key] = value


def _places(option: str | list[str] | None) -> list[Path]:
    if option is None:
        return [shipped()]
    return [Path(place) for place in (option if isinstance(option, list) else [option])]


def _playbook_text(playbook: Playbook) -> dict[str, str]:
    return {
        "name": playbook.name,
        "alerts": " ".join(_alert_names(playbook)),
        "summary": playbook.summary,
        "use": playbook.when_to_use,
        "symptoms": " ".join([*playbook.symptoms, *playbook.tags]),
        "body": " ".join(step.name for step in [*playbook.diagnosis, *playbook.steps]),
    }


def _alert_names(playbook: Playbook) -> Iterator[str]:
    """Yield the alerts for which the playbook's own tests expect it, as monitoring tools name them."""
    for trial in playbook.tests:
        if trial.expect.decision == "suggest":
            for alert in trial.incident.alerts:
                yield f"{alert.name} {alert.message or ''}"
