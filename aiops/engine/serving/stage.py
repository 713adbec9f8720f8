"""Models are replaced, tried beside the one that serves, and rolled back, by records alone.

A record that does not fit changes nothing: its model is built, loaded and tried out before it replaces another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypedDict

from msgspec.structs import asdict

from aiops.engine.arrival import Moment
from aiops.engine.serving.comparison import Compared, Tally
from aiops.engine.serving.slot import Slot, TrialSlot
from aiops.engine.serving.trial import Role, Trial, TrialState
from aiops.engine.serving.trials import Trials
from aiops.engine.serving.versions import Kept, Version
from aiops.errors import UsageError
from aiops.model_state import DETECT, NONE, canonical, digest_of, given
from aiops.records import Action
from aiops.wording import plural

# Names of services of one canary; whoever needs more means all of them, which is a promotion.
MAX_SERVICES = 100
# Earlier releases called the slot of detectors by what it scores.
OLD_NAMES = {"rows": DETECT}
_MAX_SHOWN = 100


class ServingState(TypedDict):
    """The state of `Serving` in snapshots; the models that serve are in their stages' own."""

    versions: list[Version]
    kept: list[Kept]
    trials: list[TrialState]


class Serving:
    """The slots, the version that serves in each, the one before it, and the trials."""

    STATE: ClassVar[Any] = ServingState

    def __init__(self, slots: Sequence[Slot], trials: Trials) -> None:
        self.slots: dict[str, Slot] = {slot.name: slot for slot in slots}
        self.trials = trials
        self.versions: dict[str, Version] = {}
        self.kept: dict[str, Kept] = {}

    def swap(self, action: Action, moment: Moment) -> str:
        """Promote the model of a `swap_model` record, or roll back; return a sentence about it.

        args: `slot`; `algorithm` and `state` (JSON text), or `from`: `shadow`, `canary` (the candidate as it stands) or
        `previous` (what served before the last swap). Raise `UsageError` if it does not fit; nothing changed then.
        """
        slot = self._slot(action)
        source = action.args.get("from", "")
        if source in ("shadow", "canary"):
            return self._promote_trial(slot, "shadow" if source == "shadow" else "canary", action, moment)
        if source == "previous":
            kept = self.kept.get(slot.name)
            if kept is None:
                raise UsageError(f"swap_model: nothing to go back to in {slot.name}: no model was replaced there")
            return self._replace(slot, kept.algorithm, kept.text, action, moment)
        if source:
            raise UsageError(
                f"swap_model: $.args.from: expected shadow, canary or previous; got {source[:_MAX_SHOWN]!r}"
            )
        wanted = given(action)
        return self._replace(slot, wanted.algorithm, wanted.text, action, moment)

    def shadow(self, action: Action, moment: Moment) -> str:
        """Begin the shadow of a `shadow_model` record, or end it if the record has no state."""
        return self._try(action, moment, "shadow", [])

    def canary(self, action: Action, moment: Moment) -> str:
        """Begin the canary of a `canary_model` record for its `services`, or end it without a state."""
        named = (name.strip() for name in action.args.get("services", "").split(","))
        return self._try(action, moment, "canary", list(dict.fromkeys(name for name in named if name)))

    def report(self) -> dict[str, dict[str, Any]]:
        """Return what serves and what is tried, by slot, as plain data."""
        return {name: self._reported(name) for name in self.slots}

    def exported(self, name: str, role: str) -> tuple[str, str]:
        """Return algorithm and state (canonical JSON) of a model; raise `UsageError` if there is none."""
        slot = self._named(name)
        if role == "serving":
            found = slot.exported()
        else:
            trial = self.trials.of(slot.name, "shadow" if role == "shadow" else "canary")
            found = None if trial is None or not isinstance(slot, TrialSlot) else _exported(slot, trial)
        if found is None:
            raise UsageError(f"models: expected a slot with a {role} model; {slot.name} has none")
        return found

    def _replace(self, slot: Slot, algorithm: str, text: str, action: Action, moment: Moment) -> str:
        before = _contained(slot)
        slot.swap(algorithm, text)
        version = Version(slot.name, algorithm, digest_of(algorithm, text), moment.now, moment.seq, _by(action))
        return self._took_over(slot, version, before)

    def _promote_trial(self, slot: Slot, role: Role, action: Action, moment: Moment) -> str:
        trial = self.trials.of(slot.name, role)
        if trial is None or not isinstance(slot, TrialSlot):
            raise UsageError(f"swap_model: $.args.from: expected a slot with a {role}; {slot.name} has none")
        before = _contained(slot)
        slot.serve(trial.version.algorithm, trial.model)
        self.trials.remove(slot.name, role)
        began = trial.version
        version = Version(slot.name, began.algorithm, began.digest, moment.now, moment.seq, _by(action))
        return self._took_over(slot, version, before)

    def _took_over(self, slot: Slot, version: Version, before: Kept | None) -> str:
        """Note what serves now, and what served before; return the sentence."""
        name = slot.name
        if before is not None:
            self.kept[name] = before
        else:
            self.kept.pop(name, None)
        self.versions[name] = version
        for trial in list(self._trials(slot)):
            if trial.version.id == version.id:
                self.trials.remove(name, trial.role)
            else:
                trial.restart()
        now = _contained(slot)
        earlier = "a model that cannot be exported" if before is None else _called(before)
        state = "" if now is None or now.algorithm == NONE else f"; state {now.digest}"
        return f"{_called(version)} takes the place of {earlier} in {name}{state}"

    def _try(self, action: Action, moment: Moment, role: Role, services: list[str]) -> str:
        slot = self._slot(action)
        if not action.args.get("state") and not action.args.get("packed"):
            return self._end(slot, role, action)
        if not isinstance(slot, TrialSlot):
            raise UsageError(f"{action.verb}: $.args.slot: {slot.name} has no {role}: its model can only be swapped")
        if role == "canary" and not 0 < len(services) <= MAX_SERVICES:
            raise UsageError(
                f"{action.verb}: $.args.services: expected 1 to {MAX_SERVICES} names, separated by commas; "
                f"got {len(services)}"
            )
        wanted = given(action)
        model = slot.build(wanted.algorithm, wanted.text)
        digest = digest_of(wanted.algorithm, wanted.text)
        version = Version(slot.name, wanted.algorithm, digest, moment.now, moment.seq, _by(action))
        self.trials.put(slot.name, Trial(role, version, model, services))
        decides = f"decides for {', '.join(services)}" if services else "decides nothing"
        return f"{version.id} is the {role} of {slot.name}: it {decides}"

    def _end(self, slot: Slot, role: Role, action: Action) -> str:
        ended = self.trials.remove(slot.name, role)
        if ended is None:
            raise UsageError(f"{action.verb}: $.args.state: expected the state of a model; {slot.name} has no {role}")
        count = ended.beside.compared + ended.decided.compared
        return f"the {role} {ended.version.id} of {slot.name} ended after {plural(count, 'incident')}"

    def _slot(self, action: Action) -> Slot:
        try:
            return self._named(action.args.get("slot", DETECT))
        except UsageError as error:
            raise UsageError(f"{action.verb}: $.args.slot: {error}") from None

    def _named(self, name: str) -> Slot:
        slot = self.slots.get(OLD_NAMES.get(name, name))
        if slot is None:
            raise UsageError(f"expected one of {', '.join(self.slots)}; got {name[:_MAX_SHOWN]!r}")
        return slot

    def _reported(self, name: str) -> dict[str, Any]:
        version, kept = self.versions.get(name), self.kept.get(name)
        return {
            "version_id": version.id if version is not None else "",
            "algorithm": version.algorithm if version is not None else "",
            "digest": version.digest if version is not None else "",
            "since": version.at if version is not None else None,
            "by": version.by if version is not None else "",
            "record": version.record if version is not None else None,
            "previous": kept.id if kept is not None else "",
            "shadow": _trial_report(self.trials.of(name, "shadow")),
            "canary": _trial_report(self.trials.of(name, "canary")),
        }

    def set_back(self, now: float) -> None:
        """Keep all as it is: since when a model serves is shown, and decides nothing."""

    def dump(self) -> ServingState:
        """State for a snapshot."""
        return {
            "versions": list(self.versions.values()),
            "kept": list(self.kept.values()),
            "trials": [self._dumped(slot, trial) for slot in self.slots.values() for trial in self._trials(slot)],
        }

    def _trials(self, slot: Slot) -> list[Trial]:
        return self.trials.by_slot.get(slot.name, [])

    def _dumped(self, slot: Slot, trial: Trial) -> TrialState:
        assert isinstance(slot, TrialSlot)
        return TrialState(
            trial.role,
            trial.version,
            trial.services,
            trial.beside,
            trial.decided,
            list(trial.compared.values()),
            trial.faults,
            trial.fault,
            slot.dumped(trial.model),
        )

    def load(self, state: ServingState) -> None:
        """Take the state of a `dump`; raise `AiopsError` if the plugin of a candidate is not installed."""
        self.versions = {one.slot: one for one in state["versions"]}
        self.kept = {one.slot: one for one in state["kept"]}
        self.trials.by_slot.clear()
        for one in state["trials"]:
            slot = self._named(one.version.slot)
            if not isinstance(slot, TrialSlot):
                raise UsageError(f"snapshot: {slot.name} has a {one.role}, which this build cannot have")
            model = slot.restored(one.version.algorithm, one.state)
            compared = {each.key: each for each in one.compared}
            trial = Trial(one.role, one.version, model, one.services, one.beside, one.decided, compared)
            trial.faults, trial.fault = one.faults, one.fault
            self.trials.put(slot.name, trial)


def _contained(slot: Slot) -> Kept | None:
    """Return what serves now, for a rollback; None for a model that cannot be exported."""
    try:
        found = slot.exported()
    except Exception:
        return None
    algorithm, text = found or (NONE, "")
    return Kept(slot.name, algorithm, text, digest_of(algorithm, text))


def _exported(slot: TrialSlot, trial: Trial) -> tuple[str, str]:
    return trial.version.algorithm, canonical(slot.dumped(trial.model))


def _called(one: Version | Kept) -> str:
    return "no model" if one.algorithm == NONE else one.id


def _by(action: Action) -> str:
    return (action.actor or "")[:_MAX_SHOWN]


def _trial_report(trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {
        "version_id": trial.version.id,
        "since": trial.version.at,
        "by": trial.version.by,
        "services": list(trial.services),
        "beside": asdict(trial.beside),
        "decided": asdict(trial.decided),
        "faults": trial.faults,
        "fault": trial.fault,
        "examples": [_example(one) for one in trial.differences()],
    }


def _example(one: Compared) -> dict[str, Any]:
    return {
        "incident": one.key,
        "serving": one.serving[:3],
        "candidate": one.candidate[:3],
        "decided": one.is_decided,
        "confirmed": one.is_confirmed,
        "serving_place": one.serving_place,
        "candidate_place": one.candidate_place,
    }


__all__ = ["Serving", "Tally"]
