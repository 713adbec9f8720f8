"""`aiops models serving`, `shadow`, `canary`, `end`, `promote-trial` and `restore`: trials of models."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import convert
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ActorOption, ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.models_registry import DirOption, Sets, SlotOption, registry_of
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for, moment
from aiops.daemon.control import act, send_request
from aiops.errors import AiopsError
from aiops.lifecycle import Move, Version
from aiops.lifecycle.version import Stage
from aiops.model_state import Given, action_of, slot_named
from aiops.records import Action
from aiops.views.models_report import Counts, ModelsReport, SlotLine, TrialLine
from aiops.wording import plural


class Role(StrEnum):
    """A candidate beside the model that serves."""

    SHADOW = "shadow"
    CANARY = "canary"


Where = tuple[Path | None, Sets, Path | None]
SlotArgument = Annotated[str, typer.Argument(help="The slot: causes, playbooks, similar, detect, noise, grouping.")]
RoleOption = Annotated[Role, typer.Option("--role", help="The candidate: shadow or canary.")]
IdArgument = Annotated[str, typer.Argument(help="The version's id.")]


def serving_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """Show what serves in each slot of the running daemon, and how a shadow or canary compares."""
    found = send_request(state_directory(config, sets, state), {"ask": "models"})["models"]
    if as_json:
        print_json(found)
        return
    report = convert(found, ModelsReport)
    table = Table("slot", "serves", "since", "by", "before", box=None, header_style="bold", pad_edge=False)
    for one in report.slots:
        since = moment(one.since) if one.since is not None else "the first start"
        table.add_row(one.slot, one.version_id or one.model, since, Text(clean(one.by)), one.previous)
    console = console_for()
    console.print(table)
    for one in report.slots:
        for role, trial in (("shadow", one.shadow), ("canary", one.canary)):
            for line in _lines(one, role, trial) if trial is not None else ():
                console.print(Text(line), soft_wrap=True)


def shadow_command(
    id: IdArgument,
    slot: SlotOption = None,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Run a version beside the model that serves: it is compared, and decides nothing."""
    _begin("shadow", (id, slot), {}, actor, directory, (config, sets, state))


def canary_command(
    id: IdArgument,
    services: Annotated[
        list[str], typer.Option("--service", help="Service, workload or entity that it decides for; repeatable.")
    ],
    slot: SlotOption = None,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Have a version decide for the incidents that touch some services; it is compared elsewhere."""
    _begin("canary", (id, slot), {"services": ",".join(services)}, actor, directory, (config, sets, state))


def end_command(
    slot: SlotArgument,
    role: RoleOption = Role.SHADOW,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """End the shadow or the canary of a slot."""
    where = (config, sets, state)
    tried = _tried(slot, role, where)
    _hand_in(f"{role}_model", slot, {}, actor, where)
    _move(directory, where, slot, tried, "candidate", actor)


def promote_trial_command(
    slot: SlotArgument,
    role: RoleOption = Role.CANARY,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Have a shadow or canary decide everything, as it stands, with what it learned during the trial."""
    where = (config, sets, state)
    tried = _tried(slot, role, where)
    _hand_in("swap_model", slot, {"from": role.value}, actor, where)
    _move(directory, where, slot, tried, "serving", actor)


def restore_command(
    slot: SlotArgument,
    actor: ActorOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Have what served before the last swap serve again, byte for byte, with what it had learned by then."""
    _hand_in("swap_model", slot, {"from": "previous"}, actor, (config, sets, state))


def _begin(
    role: Stage,
    named: tuple[str, str | None],
    args: dict[str, str],
    actor: str | None,
    directory: Path | None,
    where: Where,
) -> None:
    registry = registry_of(directory, *where)
    version = registry.get(*named)
    action = action_of(Given(version.slot, version.algorithm, registry.state(version)), time.time(), f"{role}_model")
    action.args |= args
    _act(action, actor, where)
    registry.stage(version, _moved(version, role, actor))


def _hand_in(verb: str, slot: str, args: Mapping[str, str], actor: str | None, where: Where) -> None:
    _act(Action(ts=0.0, verb=verb, args={"slot": slot_named(slot, "SLOT"), **args}), actor, where)


def _act(action: Action, actor: str | None, where: Where) -> None:
    action.actor = actor or user()
    feedback = act(state_directory(*where), action)
    if not feedback["applied"]:
        raise AiopsError(str(feedback["reason"]))
    typer.echo(clean(str(feedback["reason"])))


def _tried(slot: str, role: Role, where: Where) -> str:
    """Return the version that is tried; empty if there is none, which the daemon refuses with the reason."""
    report = convert(send_request(state_directory(*where), {"ask": "models"})["models"], ModelsReport)
    lines = [one for one in report.slots if one.slot == slot_named(slot, "SLOT")]
    trial: TrialLine | None = getattr(lines[0], role.value) if lines else None
    return trial.version_id if trial is not None else ""


def _move(directory: Path | None, where: Where, slot: str, id: str, stage: Stage, actor: str | None) -> None:
    """Note a move in the registry, if it has the version."""
    registry = registry_of(directory, *where)
    for version in registry.versions(slot_named(slot, "SLOT")):
        if version.id == id:
            registry.stage(version, _moved(version, stage, actor))


def _moved(version: Version, stage: Stage, actor: str | None) -> Move:
    return Move(slot=version.slot, version=version.id, stage=stage, at=time.time(), actor=actor or user())


def _lines(slot: SlotLine, role: str, trial: TrialLine) -> list[str]:
    """Return a trial in lines: what it decides, the counts of both sides, its faults."""
    decides = f"decides for {', '.join(trial.services)}" if trial.services else "decides nothing"
    lines = [clean(f"{role} of {slot.slot}: {trial.version_id}, {decides}, since {moment(trial.since)}")]
    lines.append("beside: " + _counted(trial.beside))
    if trial.services:
        lines.append("where it decides: " + _counted(trial.decided))
    times: Any = {name: slot.times.get(name) for name in ("serving", role)}
    if all(times.values()):
        lines.append("mean time: " + ", ".join(f"{name} {one.mean_s * 1_000:.3g} ms" for name, one in times.items()))
    if trial.faults:
        lines.append(f"{plural(trial.faults, 'fault')}, the last: {trial.fault}")
    return [lines[0], *(f"  {line}" for line in map(clean, lines[1:]))]


def _counted(counts: Counts) -> str:
    text = f"{plural(counts.compared, 'incident')}, same first {counts.same_first}, same three {counts.same_three}"
    if not counts.confirmed:
        return text
    return (
        f"{text}; {counts.confirmed} confirmed, first right {counts.serving_first} (serves) and "
        f"{counts.candidate_first}, among three {counts.serving_three} and {counts.candidate_three}"
    )
