"""The trainer of the memory of similar incidents: judged by the causes of those that it names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from aiops.app.engine import build_models
from aiops.config import Config
from aiops.errors import UsageError
from aiops.ports import Similar, Stateful
from aiops.topology import Topology
from aiops.trainers import History, Judged, Learned
from aiops.training.parameters import Recent, parameters_of
from aiops.training.teaching import later, loaded

SHOWN = 3


class SimilarParameters(Recent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a trained memory."""


class SimilarTrainer:
    """Train the memory of similar incidents that the configuration names."""

    Parameters: type[Struct] = SimilarParameters
    measure = "same_cause3"

    def __init__(self, config: Config, topology: Topology, parameters: Mapping[str, str]) -> None:
        """Raise `UsageError` for a parameter that does not fit."""
        self._config, self._topology = config, topology
        self._parameters = parameters_of(parameters, SimilarParameters, "similar")

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Remember the incidents before `until`."""
        lessons = self._parameters.kept(list(history.lessons("similar", until=until)))
        if not lessons:
            raise UsageError("similar: no incident has ended in these records: use a longer stretch")
        memory = self._memory()
        for one in lessons:
            memory.add(one.view, one.meta)
        assert isinstance(memory, Stateful)
        return Learned(self._config.similar.use, memory.dump(), lessons[-1].at)

    def untrained(self) -> Learned:
        """Return a memory that begins with the first record."""
        return Learned(self._config.similar.use, None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Look up each incident with a confirmed cause before it is remembered."""
        memory = loaded(self._memory(), learned)
        roots = {one.view.id: one.root for one in history.lessons("cause") if one.root is not None}
        seen: dict[str, None] = {}
        found = []
        for one in later(list(history.lessons("similar")), learned):
            root = roots.get(one.view.id)
            if one.at >= since and root is not None and one.view.id not in seen:
                same = [roots.get(each.name) == root for each in memory.nearest(one.view, SHOWN)]
                measures = {"same_cause3": float(any(same)), "same_cause1": float(any(same[:1]))}
                found.append(Judged(one.view.id, one.at, measures))
            seen[one.view.id] = None
            memory.add(one.view, one.meta)
        return found

    def _memory(self) -> Similar:
        memory = build_models(self._config, self._topology).similar
        if memory is None or not isinstance(memory, Stateful):
            raise UsageError("similar: the configuration names no memory that can be saved (similar.use)")
        return memory
