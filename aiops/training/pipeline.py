"""Fit a version of a slot and measure it on a later part of the history, beside what serves.

The history is split in time: the model that is measured learned from the earlier part alone, what serves must have
learned before the split as well. The version itself then learns from everything. No numbers of a measured model come
from what it is measured on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from aiops.config import Config
from aiops.errors import UsageError
from aiops.lifecycle import Paired, Verdict, judge
from aiops.lifecycle.verdict import Beside
from aiops.model_state import canonical, decoded, version_id
from aiops.topology import Topology
from aiops.trainers import Judged, Learned, Trainer, load
from aiops.training.history import ReplayedHistory
from aiops.training.order import Found, Known, Work
from aiops.training.paired import frame_of, paired

# The part of the outcomes that is learned from; the later rest measures.
LEARNED_SHARE = 0.7
UNTRAINED = "what decides without a trained version"

Report = Callable[[str], None]


class Pipeline:
    """Trains and measures on one history; `report` gets a line for each step."""

    def __init__(self, history: ReplayedHistory, config: Config, topology: Topology, report: Report) -> None:
        self._history, self._config, self._topology, self._report = history, config, topology, report

    def done(self, work: Work) -> list[Found]:
        """Do the work of one slot; a problem of it is part of what is found."""
        started = time.perf_counter()
        try:
            trainer = load(work.slot)(self._config, self._topology, work.parameters)
            found = self._trained(trainer, work) if work.kind == "train" else self._evaluated(trainer, work)
        except UsageError as error:
            found = [Found(slot=work.slot, parameters=work.parameters, problem=str(error))]
        for one in found:
            one.seconds = (time.perf_counter() - started) / len(found)
        return found

    def _trained(self, trainer: Trainer, work: Work) -> list[Found]:
        self._report(f"{work.slot}: fitting")
        learned = trainer.fit(self._history)
        text = canonical(learned.state)
        found = self._found(work, version_id(learned.algorithm, text), learned.algorithm, text)
        self._report(f"{work.slot}: measuring")
        try:
            split = self._split(trainer, work.incumbent)
            early = trainer.fit(self._history, split)
        except UsageError as error:
            found.reason = f"no recommendation: {error}"
            return [found]
        is_newer = work.incumbent is not None and (learned.until or 0) > (work.incumbent.until or 0)
        self._measure(found, trainer, early, (work.incumbent, split, is_newer))
        return [found]

    def _evaluated(self, trainer: Trainer, work: Work) -> list[Found]:
        found = []
        for known in work.candidates:
            one = self._found(work, known.id, known.algorithm, known.text)
            self._report(f"{work.slot}: measuring {known.id}")
            ends = [each.until for each in (known, work.incumbent) if each is not None and each.until is not None]
            split = _after(max(ends)) if ends else 0.0
            incumbent = work.incumbent if work.incumbent is None or work.incumbent.id != known.id else None
            is_newer = incumbent is not None and (known.until or 0) > (incumbent.until or 0)
            self._measure(one, trainer, _learned(known), (incumbent, split, is_newer))
            found.append(one)
        return found

    def _measure(
        self, found: Found, trainer: Trainer, candidate: Learned, beside: tuple[Known | None, float, bool]
    ) -> None:
        incumbent, split, is_newer = beside
        other = _learned(incumbent) if incumbent is not None else trainer.untrained()
        mine = trainer.judge(candidate, self._history, split)
        frame = frame_of(mine, trainer.judge(other, self._history, split))
        measures = paired(frame, trainer.measure)
        is_simpler = incumbent is not None and len(found.text) < len(incumbent.text)
        name = incumbent.id if incumbent is not None else UNTRAINED
        verdict = self._judged(measures, Beside(name, is_newer, is_simpler), incumbent)
        found.verdict, found.reason = verdict.verdict, verdict.reason
        found.incumbent = incumbent.id if incumbent is not None else None
        found.metrics = {**metrics_of(measures), "split": split, "state_chars": float(len(found.text))}

    def _judged(self, measures: list[Paired], beside: Beside, incumbent: Known | None) -> Verdict:
        if incumbent is not None and incumbent.until is None:
            return Verdict(None, f"no recommendation: it is unknown what {incumbent.id} learned from")
        return judge(measures, beside)

    def _split(self, trainer: Trainer, incumbent: Known | None) -> float:
        """Return the time after which models are measured; what serves learned before it."""
        times = sorted(one.at for one in self._outcomes(trainer))
        if not times:
            raise UsageError("nobody has confirmed an outcome in these records, and no label stands for one")
        split = times[min(int(len(times) * LEARNED_SHARE), len(times) - 1)]
        if incumbent is not None and incumbent.until is not None:
            split = max(split, _after(incumbent.until))
        return split

    def _outcomes(self, trainer: Trainer) -> list[Judged]:
        return trainer.judge(trainer.untrained(), self._history, 0.0)

    def _found(self, work: Work, id: str, algorithm: str, text: str) -> Found:
        return Found(
            slot=work.slot,
            id=id,
            algorithm=algorithm,
            text=text,
            data=self._history.data,
            parameters=work.parameters,
        )


def metrics_of(measures: list[Paired]) -> dict[str, float]:
    """Return measures as the registry keeps them."""
    found: dict[str, float] = {"outcomes": float(measures[0].cases)} if measures else {"outcomes": 0.0}
    for one in measures:
        found[one.measure] = one.candidate
        found[f"{one.measure}_incumbent"] = one.incumbent
        found[f"{one.measure}_difference"] = round(one.difference, 6)
        found[f"{one.measure}_low"], found[f"{one.measure}_high"] = one.low, one.high
    return found


def _learned(known: Known) -> Learned:
    return Learned(known.algorithm, decoded(known.text), known.until)


def _after(at: float) -> float:
    """Return a time just after another: what was learned then does not measure."""
    return at + 1e-3
