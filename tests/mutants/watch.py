"""Mutants of the watch on models: what must raise an alarm, what must not, and when a training follows."""

from __future__ import annotations

from tests.mutants.model import Mutant

TESTED = ("tests/engine/drift/test_exchangeability.py",)
JUMPED = ("tests/engine/drift/test_jumper.py", "tests/engine/drift/test_claim.py")
HOURS = ("tests/engine/drift/test_inputs.py",)
JUDGED = ("tests/engine/drift/test_outcomes.py",)
TRIGGERED = ("tests/daemon/test_retrain_job.py", "tests/views/test_model_watch.py")
JOB = "aiops/daemon/retrain_job.py"

MUTANTS: list[Mutant] = [
    Mutant(
        "watch-ties-count-as-larger",
        "aiops/engine/drift/exchangeability.py",
        "p = (above + _between(self._seed + self.steps) * (equal + 1)) / (sum(counts) + 1)",
        "p = (above + 0.5 * _between(self._seed + self.steps) * (equal + 1)) / (sum(counts) + 1)",
        TESTED,
    ),
    Mutant(
        "watch-no-stake-is-spread-again",
        "aiops/engine/drift/jumper.py",
        "((1.0 - _JUMP) * stake + even) * (1.0 + bet * payoff)",
        "stake * (1.0 + bet * payoff)",
        JUMPED,
    ),
    Mutant(
        "watch-streams-are-not-waited-for",
        "aiops/engine/drift/inputs.py",
        "if hour >= self._settled and measures[SURPRISE]",
        "if measures[SURPRISE]",
        HOURS,
    ),
    Mutant(
        "watch-weekends-are-working-days",
        "aiops/engine/drift/inputs.py",
        "return hour % 24 + (24 if weekday > 4 else 0)",
        "return hour % 24",
        HOURS,
    ),
    Mutant(
        "watch-a-judgement-counts-twice",
        "aiops/engine/drift/outcomes.py",
        "        if (slot, of) in self._judged:\n            return\n",
        "",
        JUDGED,
    ),
    Mutant(
        "watch-a-failed-training-answers-the-alarm",
        JOB,
        "return last.engine_at if any(one.done for one in last.results) else 0.0",
        "return last.engine_at",
        TRIGGERED,
    ),
    Mutant(
        "watch-a-failed-training-is-repeated-at-once",
        JOB,
        "if not why or (self._last.at and now - self._last.at < self._config.retrain_pause_s):",
        "if not why:",
        TRIGGERED,
    ),
]
