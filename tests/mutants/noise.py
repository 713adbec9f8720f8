"""Mutants of the noise gate: what a model must never hold, and what opens what it holds."""

from __future__ import annotations

from tests.mutants.model import Mutant

GATE = "aiops/engine/incidents/noise_gate.py"
STAGE = "aiops/engine/noise/stage.py"
MODEL = "aiops/engine/noise/logistic.py"
HELD = "aiops/engine/noise/held.py"
BOUNDS = ("tests/engine/incidents/test_noise_gate.py",)
STATE = ("tests/engine/noise/test_stage.py",)
SCORES = ("tests/engine/noise/test_logistic.py",)
GROWTH = ("tests/engine/noise/test_held.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "noise-a-model-knows-critical-noise",
        MODEL,
        "severity: Annotated[int, Meta(ge=0, le=3)]",
        "severity: Annotated[int, Meta(ge=0, le=4)]",
        SCORES,
    ),
    Mutant(
        "noise-a-storm-is-held",
        GATE,
        "if cluster.severity >= Severity.CRITICAL or self.storms.active:",
        "if cluster.severity >= Severity.CRITICAL:",
        BOUNDS,
    ),
    Mutant(
        "noise-held-clusters-start-no-storm", GATE, "if is_new and self.storms.opens(moment.now):", "if False:", BOUNDS
    ),
    Mutant(
        "noise-the-share-is-no-bound", STAGE, "if sum(self._recent) + 1 > self.share * WINDOW:", "if False:", BOUNDS
    ),
    Mutant("noise-nothing-opens-to-be-judged", STAGE, "+ 1) % CHECK_EVERY == 0:", "+ 1) % CHECK_EVERY == -1:", BOUNDS),
    Mutant(
        "noise-what-grows-stays-held",
        STAGE,
        "if not held.growth(sight) and self._judge(sight) is not None",
        "if self._judge(sight) is not None",
        BOUNDS,
    ),
    Mutant(
        "noise-what-a-person-opened-is-held-again",
        STAGE,
        "return any(kind in self._spared for kind in sight.kinds)",
        "return False",
        STATE,
    ),
    Mutant(
        "noise-unknown-names-are-noise",
        MODEL,
        "return all(numbers.kinds.get(name_of(kind), (0, 0))[0] > 0 for kind in sight.kinds)",
        "return True",
        SCORES,
    ),
    Mutant(
        "noise-a-worse-severity-is-noise",
        MODEL,
        "if sight.is_cut or not sight.kinds or sight.severity > numbers.severity:",
        "if sight.is_cut or not sight.kinds:",
        SCORES,
    ),
    Mutant("noise-a-worse-alert-is-no-growth", HELD, "if now.severity > then.severity:", "if False:", GROWTH),
]
