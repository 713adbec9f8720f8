"""Mutants of serving: a bad state changes nothing, a trial decides its own alone, senders bring nothing."""

from __future__ import annotations

from tests.mutants.model import Mutant

STAGE, TRIAL, TRIALS = (f"aiops/engine/serving/{name}.py" for name in ("stage", "trial", "trials"))
SLOTS = "aiops/engine/model_slots.py"
SERVED = ("tests/engine/serving/test_stage.py",)
TRIED = ("tests/engine/serving/test_trials.py", "tests/engine/serving/test_trial.py")
SHIPPED = ("tests/engine/test_model_slots.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "serving-types-are-gathered-by-threads",
        "aiops/daemon/decoded_types.py",
        "            Decoder(one)\n",
        "            pass\n",
        ("tests/daemon/test_decoded_types.py",),
    ),
    Mutant(
        "serving-a-state-is-not-tried-out",
        SLOTS,
        "        self._checked(algorithm, lambda: _try_out(self.name, self._loaded(algorithm, state)))\n",
        "",
        SERVED,
    ),
    Mutant(
        "serving-the-one-that-was-tried-out-serves",
        SLOTS,
        "        return self._checked(algorithm, lambda: self._loaded(algorithm, state))",
        "        model = self._loaded(algorithm, state)\n        _try_out(self.name, model)\n        return model",
        (*SERVED, *SHIPPED),
    ),
    Mutant(
        "serving-a-model-of-another-kind-is-taken",
        SLOTS,
        "if not isinstance(model, PORTS[self.name]) or not isinstance(model, Stateful):",
        "if not isinstance(model, Stateful):",
        SHIPPED,
    ),
    Mutant(
        "serving-a-slot-that-is-off-is-filled",
        SLOTS,
        "        if self._ranking.model(self.name) is None:",
        "        if False:",
        (*SERVED, *SHIPPED),
    ),
    Mutant(
        "serving-what-served-is-not-kept", STAGE, "            self.kept[name] = before\n", "            pass\n", SERVED
    ),
    Mutant("serving-a-canary-decides-everything", STAGE, "not 0 < len(services) <= MAX_SERVICES", "False", SERVED),
    Mutant(
        "serving-a-shadow-decides",
        TRIAL,
        "        if not self.services:\n            return False",
        "        if not self.services:\n            return True",
        (*SERVED, *TRIED),
    ),
    Mutant(
        "serving-a-candidate-sees-the-view-itself",
        "aiops/engine/rank.py",
        "lambda other: call(other, copied(view))",
        "lambda other: call(other, view)",
        SERVED,
    ),
    Mutant(
        "serving-a-confirmed-incident-is-compared-again",
        TRIAL,
        "        if known is not None and known.is_confirmed:",
        "        if False:",
        TRIED,
    ),
    Mutant(
        "serving-comparisons-grow", TRIAL, "        if len(self.compared) > MAX_COMPARED:", "        if False:", TRIED
    ),
    Mutant(
        "serving-nobody-is-named",
        "aiops/web/models.py",
        "    if not call.vouched or call.actor is None:",
        "    if False:",
        ("tests/web/test_models.py",),
    ),
    Mutant(
        "serving-senders-bring-models",
        "connectors/aiops_connectors/payloads/archive_records.py",
        "    if type(record) not in KINDS:",
        "    if False:",
        ("tests/daemon/test_served_models.py",),
    ),
    Mutant(
        "serving-numbers-may-be-infinite",
        "aiops/model_state.py",
        "    return value if math.isfinite(value) else _not_finite(text)",
        "    return value",
        ("tests/test_model_state.py",),
    ),
]
