"""The watch on the models as health and metrics have it: see `aiops.views.model_watch`."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

from msgspec import to_builtins

from aiops.daemon.models_in_use import ModelInUse
from aiops.daemon.parts import Core
from aiops.engine.drift.jumper import ALARM
from aiops.telemetry.metrics import Family
from aiops.views.model_watch import Watch, model_watch


def watch_of(core: Core, models: Mapping[str, ModelInUse]) -> Watch:
    """Return the watch by the engine's last account."""
    named = {slot: f"{one.model} {one.version}" for slot, one in models.items()}
    return model_watch(core.pump.accounts, named, core.pump.engine_at, core.retrain_job.trained_at, ALARM)


def watch_health(core: Core, models: Mapping[str, ModelInUse]) -> dict[str, Any]:
    """Return the section of the health; an alarm is a warning until a training follows it."""
    found: dict[str, Any] = to_builtins(watch_of(core, models))
    found["retrain"] = core.retrain_job.health()
    if found["alarms"]:
        found["detail"] = f"drift: {found['detail']}; {core.retrain_job.advice()}"
    elif problem := core.retrain_job.problem:
        found["ok"], found["detail"] = False, problem
    return found


def watch_families(core: Core, models: Mapping[str, ModelInUse]) -> list[Family]:
    """Return the metrics of the watch."""
    watch = watch_of(core, models)
    outcomes = Family("aiops_model_outcomes_total", "counter", "Decisions that people judged, by slot and result.")
    error = Family(
        "aiops_model_calibration_error", "gauge", "Mean distance of stated probabilities from what came true."
    )
    promises = Family("aiops_model_promises", "gauge", "Promised sets of suspects among the last outcomes.")
    coverage = Family("aiops_model_coverage_ratio", "gauge", "Share of promised sets of suspects that held the cause.")
    for one in watch.models:
        if one.is_judged:
            outcomes.add(one.right, slot=one.slot, result="right")
            outcomes.add(one.outcomes - one.right, slot=one.slot, result="wrong")
        if one.slot == "causes":
            error.add(_known(one.error), slot=one.slot)
            promises.add(one.promises, slot=one.slot)
            coverage.add(_known(one.coverage), slot=one.slot)
    return [outcomes, error, promises, coverage, *_drift(core, watch), *core.retrain_job.families()]


def _known(value: float | None) -> float:
    """Return a value; what is not measured is no number, and no rule on it fires."""
    return nan if value is None else value


def _drift(core: Core, watch: Watch) -> list[Family]:
    capital = Family("aiops_drift_capital", "gauge", "Capital against no change, by measure; 1 at the start.")
    alarms = Family("aiops_drift_alarms_total", "counter", "Alarms of drift since the beginning of the log.")
    standing = Family("aiops_drift_standing", "gauge", "Alarms of drift that no training has followed.")
    drift = core.pump.accounts.get("drift", {})
    for part in ("inputs", "outcomes"):
        for what, one in drift.get(part, {}).items():
            capital.add(one["capital"], measure=what)
            alarms.add(one["alarms"], measure=what)
    return [capital, alarms, standing.add(len(watch.alarms))]
