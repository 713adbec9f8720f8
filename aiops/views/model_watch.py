"""The watch on the models: how often each was right, its promises, drift, and what is unmeasured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from aiops.views.certainty import measured
from aiops.wording import plural

# The days that an alarm stands if nobody trains: the measure has learned the new normal by then.
STANDS_S = 14 * 86_400.0
_TITLES = {
    "causes": "Causes",
    "playbooks": "Playbooks",
    "similar": "Similar incidents",
    "detect": "Detector of alert streams",
    "grouping": "Grouping",
    "noise": "Incident or noise",
}
_RIGHT = {
    "causes": "The first suspect was right",
    "playbooks": "The first suggestion helped",
    "grouping": "The grouping was right",
    "noise": "An incident was no noise",
}
_HOW = {
    "causes": "confirm causes (aiops incidents confirm)",
    "playbooks": "confirm or reject playbooks (aiops incidents confirm --playbook)",
    "grouping": "confirm or correct groupings (aiops incidents confirm, merge, split)",
    "noise": "mark incidents as noise",
}
_UNJUDGED = {
    "similar": "people cannot judge if a similar incident was similar",
    "detect": "nobody judges single windows: it is compared on labelled history alone (aiops models evaluate)",
}
# Claims of the cause ranker.
_CLAIMS = ("promises", "calibration")
INPUTS = {
    "names": "Alerts of names not seen while learning",
    "workloads": "Alerts of workloads not seen while learning",
    "rate": "Alerts an hour",
    "surprise": "Alerts that surprise the engine (p ≤ .05)",
}


class WatchedModel(Struct):
    """The record of a model on this site.

    `is_judged`: people can judge it. `right` of `outcomes` judgements were right, `recent` and `before` as shares.
    `promise` is the share of incidents that promised sets should hold, `coverage` the measured one over `promises`.
    `error` is the mean distance of stated percentages from what came true, `floor` that of perfect ones on as few
    outcomes. `unmeasured` names what is not measured, and why. `drift` is a phrase about outcomes, or about inputs
    where nobody judged any.
    """

    slot: str
    title: str
    model: str
    is_judged: bool = False
    outcomes: int = 0
    right: int = 0
    recent: float | None = None
    before: float | None = None
    promise: float | None = None
    promises: int = 0
    coverage: float | None = None
    error: float | None = None
    floor: float | None = None
    sentences: list[str] = []
    unmeasured: list[str] = []
    drift: str = ""
    has_drifted: bool = False


class WatchedInput(Struct):
    """A measure of what comes in: its recent value, and that before.

    `capital` is bet against "no change". `state` is learning, measured, drifted or unknown; `learning_until` is in Unix
    seconds.
    """

    kind: str
    title: str
    recent: float | None
    before: float | None
    hours: int
    capital: float
    state: str
    learning_until: float | None = None


class StandingAlarm(Struct):
    """A change that no training has followed yet: `at` in engine time, `what` changed, and a sentence."""

    at: float
    what: str
    text: str


class Watch(Struct):
    """All of it.

    `alarm` is the capital at which a claim is given up, `detail` a text for the warnings of the health.
    """

    ok: bool
    detail: str
    models: list[WatchedModel]
    inputs: list[WatchedInput]
    alarms: list[StandingAlarm]
    alarm: float


def standing(drift: Mapping[str, Any], now: float, trained_at: float) -> list[StandingAlarm]:
    """Return the alarms that no training has followed, newest last; times are those of the engine."""
    after = max(trained_at, now - STANDS_S)
    return [StandingAlarm(one["at"], one["what"], one["text"]) for one in drift.get("alarms", ()) if one["at"] > after]


def model_watch(
    accounts: Mapping[str, Any], models: Mapping[str, str], now: float, trained_at: float, alarm: float
) -> Watch:
    """Return the watch.

    `accounts` are the engine's, `models` the name and version in use by slot, `now` and `trained_at` engine times.
    """
    drift = accounts.get("drift", {})
    alarms = standing(drift, now, trained_at)
    what = {one.what for one in alarms}
    inputs = [_input(kind, one, kind in what) for kind, one in drift.get("inputs", {}).items()]
    rows = [
        _model(slot, models, drift.get("outcomes", {}), accounts.get("calibration"), inputs, what) for slot in _TITLES
    ]
    detail = "; ".join(f"{one.what}: {one.text}" for one in alarms)
    return Watch(not alarms, detail, rows, inputs, alarms, alarm)


def _input(kind: str, one: Mapping[str, Any], has_drifted: bool) -> WatchedInput:
    learning = one.get("learning_until")
    state = "measured" if one["steps"] else "unknown"
    if has_drifted:
        state = "drifted"
    elif learning is not None:
        state = "learning"
    elif one.get("is_full"):
        state = "unknown"
    title = INPUTS.get(kind, kind)
    return WatchedInput(kind, title, one["recent"], one["before"], one["steps"], one["capital"], state, learning)


def _model(
    slot: str,
    models: Mapping[str, str],
    outcomes: Mapping[str, Any],
    calibration: Mapping[str, Any] | None,
    inputs: Sequence[WatchedInput],
    alarms: set[str],
) -> WatchedModel:
    row = WatchedModel(slot, _TITLES[slot], models.get(slot, ""))
    judged = outcomes.get(slot)
    if judged is None:
        row.unmeasured = [f"outcomes: {_UNJUDGED.get(slot, 'this engine counts none')}"]
    else:
        row.is_judged, row.outcomes, row.right = True, judged["outcomes"], judged["hits"]
        row.recent, row.before = judged["recent"], judged["before"]
        if row.outcomes:
            row.sentences.append(_record(slot, row))
        else:
            row.unmeasured = [f"outcomes: none yet; {_HOW[slot]}"]
    if slot == "causes":
        _calibrated(row, calibration)
    elif judged is not None:
        row.unmeasured.append("calibration: it states no percentage that outcomes could check")
    row.has_drifted = slot in alarms or (slot == "causes" and not alarms.isdisjoint(_CLAIMS))
    names = (slot, *_CLAIMS) if slot == "causes" else (slot,)
    row.drift = _drift(row, inputs, sum(outcomes[name]["alarms"] for name in names if name in outcomes))
    return row


def _record(slot: str, row: WatchedModel) -> str:
    """Return how often it was right.

    >>> _record("grouping", WatchedModel("grouping", "Grouping", "", outcomes=7, right=4))
    'The grouping was right in 4 of 7 judged incidents.'
    """
    return f"{_RIGHT[slot]} in {row.right} of {plural(row.outcomes, 'judged incident')}."


def _calibrated(row: WatchedModel, calibration: Mapping[str, Any] | None) -> None:
    if calibration is None:
        row.unmeasured.append("calibration: this ranker does not measure it")
        return
    row.sentences = [measured(calibration)]
    row.error, row.floor = calibration.get("error"), calibration.get("floor")
    row.promise = calibration.get("promise")
    row.promises, row.coverage = int(calibration.get("promises") or 0), calibration.get("coverage")
    needed, outcomes = int(calibration.get("needed") or 0), int(calibration.get("outcomes") or 0)
    if row.coverage is not None and row.promise is not None:
        row.sentences.append(
            f"Promised sets of suspects held the cause in {100 * row.coverage:.0f} % of "
            f"{plural(row.promises, 'promise')} ({100 * row.promise:.0f} % promised)."
        )
    else:
        row.unmeasured.append(f"coverage: {_awaited('no set of suspects was promised', outcomes, needed)}")
    if row.error is None:
        row.unmeasured.append(f"calibration: {_awaited('no percentage was stated', outcomes, needed)}")


def _awaited(what: str, outcomes: int, needed: int) -> str:
    """Return why nothing is measured: what is missing.

    >>> _awaited("no percentage was stated", 3, 10)
    'no percentage was stated before 10 outcomes (3 so far)'
    """
    return f"{what} before {needed} outcomes ({outcomes} so far)" if outcomes <= needed else f"{what} so far"


def _drift(row: WatchedModel, inputs: Sequence[WatchedInput], alarms: int) -> str:
    if row.has_drifted:
        return "less often right than before, or than stated"
    if alarms:
        return f"no drift stands, {plural(alarms, 'alarm')} so far"
    if row.outcomes:
        return f"no drift in {plural(row.outcomes, 'outcome')}"
    if any(one.state == "drifted" for one in inputs):
        return "inputs changed"
    hours = max((one.hours for one in inputs), default=0)
    return f"inputs steady over {plural(hours, 'hour')}" if hours else "no hour measured yet"


def input_text(one: WatchedInput, value: float | None) -> str:
    """Return a value of an input for people.

    >>> one = WatchedInput("names", "", 0.041, None, 9, 1.0, "measured")
    >>> input_text(one, one.recent), input_text(one, one.before)
    ('4.1 %', 'unknown')
    """
    if value is None:
        return "unknown"
    return f"{value:.3g}" if one.kind == "rate" else f"{100 * value:.3g} %"
