"""The trainer of suggesters of playbooks: judged by the playbooks that people confirmed to help."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from aiops.app.engine import build_models
from aiops.config import Config
from aiops.errors import UsageError
from aiops.ports import Stateful, Suggester
from aiops.score import hit_at, playbook_case
from aiops.topology import Topology
from aiops.trainers import History, Judged, Learned
from aiops.training.parameters import Recent, parameters_of
from aiops.training.teaching import later, loaded

HELPED = ("resolved", "helped")


class PlaybooksParameters(Recent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a trained suggester."""


class PlaybooksTrainer:
    """Train the suggester of playbooks that the configuration names."""

    Parameters: type[Struct] = PlaybooksParameters
    measure = "top1"

    def __init__(self, config: Config, topology: Topology, parameters: Mapping[str, str]) -> None:
        """Raise `UsageError` for a parameter that does not fit."""
        self._config, self._topology = config, topology
        self._parameters = parameters_of(parameters, PlaybooksParameters, "playbooks")

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Pass the outcomes before `until` to a new suggester."""
        lessons = self._parameters.kept(list(history.lessons("playbook", until=until)))
        if not lessons:
            raise UsageError("playbooks: nobody has confirmed a playbook in these records: use a longer stretch")
        suggester = self._suggester()
        for one in lessons:
            # What is usual here is learned from suggestions.
            suggester.suggest(one.view)
            suggester.learn(one.view, one.playbook, one.outcome)
        assert isinstance(suggester, Stateful)
        return Learned(self._config.playbooks.use, suggester.dump(), lessons[-1].at)

    def untrained(self) -> Learned:
        """Return a suggester that learns from the first record on."""
        return Learned(self._config.playbooks.use, None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Suggest for each incident with a playbook that helped, before its outcome is learned."""
        suggester = loaded(self._suggester(), learned)
        seen: dict[str, None] = {}
        found = []
        for one in later(list(history.lessons("playbook")), learned):
            suggestions = suggester.suggest(one.view)
            if one.at >= since and one.outcome in HELPED and one.view.id not in seen:
                case = playbook_case(suggestions, one.playbook)
                seen[one.view.id] = None
                found.append(Judged(one.view.id, one.at, {"top1": hit_at(case, 1), "top5": hit_at(case, 5)}))
            suggester.learn(one.view, one.playbook, one.outcome)
        return found

    def _suggester(self) -> Suggester:
        suggester = build_models(self._config, self._topology).suggester
        if suggester is None or not isinstance(suggester, Stateful):
            raise UsageError("playbooks: the configuration names no suggester that learns (playbooks.use)")
        return suggester
