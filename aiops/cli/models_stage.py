"""`aiops models promote` and `rollback`: the records by which a version comes to serve."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from aiops.archive import write
from aiops.cli.command_options import ActorOption, ConfigOption, SetOption, StateOption
from aiops.cli.incidents import user
from aiops.cli.models_registry import DirOption, Sets, SlotOption, in_use, registry_of, serving
from aiops.cli.state import state_directory
from aiops.daemon.control import act, send_request
from aiops.errors import AiopsError, UsageError
from aiops.lifecycle import Data, Move, Registry, Version
from aiops.model_state import NONE, Given, action_of, slot_named, version_id
from aiops.version import __version__

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Archive to write the swap record to, instead of promoting in the daemon.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Reason, kept in the registry.")]


def promote_command(
    id: Annotated[str, typer.Argument(help="The version's id.")],
    force: Annotated[
        bool, typer.Option("--force", help="Promote even if measured outcomes do not recommend it; needs --reason.")
    ] = False,
    reason: ReasonOption = None,
    out: OutOption = None,
    slot: SlotOption = None,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Promote a version: the running daemon reads it as a record of its journal."""
    registry = registry_of(directory, config, sets, state)
    version = registry.get(id, slot)
    if force and not (reason or "").strip():
        raise UsageError("--force: expected a --reason, which is kept")
    if not force:
        _check(version, serving(registry, version.slot, in_use(config, sets, state)))
    at, who = time.time(), actor or user()
    if out is None:
        _keep_serving(registry, version.slot, state_directory(config, sets, state), who)
    _deliver(registry, version, out, (config, sets, state), who)
    note = f"forced: {reason}" if force else reason or version.reason
    move = Move(slot=version.slot, version=version.id, stage="serving", at=at, actor=who, reason=note)
    registry.stage(version, move)


def rollback_command(
    slot: SlotOption = None,
    reason: ReasonOption = None,
    out: OutOption = None,
    actor: ActorOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Roll a slot back to the version that served before, byte for byte."""
    registry = registry_of(directory, config, sets, state)
    version = registry.before(slot_named(slot, "--slot") if slot is not None else _only(registry))
    at, who = time.time(), actor or user()
    _deliver(registry, version, out, (config, sets, state), who)
    move = Move(
        slot=version.slot,
        version=version.id,
        stage="serving",
        at=at,
        actor=who,
        reason=reason or "rolled back",
        is_rollback=True,
    )
    registry.stage(version, move)


def _check(version: Version, current: Version | None) -> None:
    """Raise `UsageError` for a version that measured outcomes do not recommend beside what serves now."""
    if version.verdict is not True:
        raise UsageError(f"{version.id}: {version.reason or 'not measured'}: not promoted (--force promotes it anyway)")
    if current is not None and current.id not in (version.incumbent, version.id):
        beside = version.incumbent or "what decides without a trained version"
        raise UsageError(
            f"{version.id}: it was measured beside {beside}, and {current.id} serves now: measure it again with "
            f"`aiops models evaluate --slot {version.slot} --version {version.id}`"
        )


def _keep_serving(registry: Registry, slot: str, directory: Path, actor: str) -> None:
    """Keep what the daemon uses as a version, with what it learned since.

    A rollback then leads to exactly that.
    """
    try:
        found = send_request(directory, {"ask": "model_state", "slot": slot, "role": "serving"})
    except AiopsError:
        # Nothing serves there; if there is no daemon at all, the delivery reports it.
        return
    algorithm, text, at = str(found["algorithm"]), str(found["state"]), time.time()
    id, current = version_id(algorithm, text), registry.serving(slot)
    if algorithm == NONE or (current is not None and current.id == id):
        return
    kept = Version(
        id=id,
        slot=slot,
        algorithm=algorithm,
        parent=current.id if current is not None else None,
        data=Data(sources=["daemon"], until=at),
        code=__version__,
        reason="it served, and was kept before a promotion with what it had learned",
        created=at,
    )
    registry.put(kept, text)
    registry.stage(kept, Move(slot=slot, version=id, stage="serving", at=at, actor=actor, reason=kept.reason))


def _only(registry: Registry) -> str:
    """Return the one slot that can be rolled back."""
    slots = list(dict.fromkeys(one.slot for one in registry.versions()))
    able = [slot for slot in slots if len(registry.served(slot)) > 1]
    if len(able) == 1:
        return able[0]
    if able:
        raise UsageError(f"--slot: expected one of {', '.join(able)}, as each can be rolled back")
    return slots[0] if len(slots) == 1 else "detect"


def _deliver(
    registry: Registry, version: Version, out: Path | None, where: tuple[Path | None, Sets, Path | None], actor: str
) -> None:
    action = action_of(Given(version.slot, version.algorithm, registry.state(version)), time.time())
    action.actor = actor
    if out is not None:
        write(out, [action])
        typer.echo(f"{version.id}: written to {out}")
        return
    feedback = act(state_directory(*where), action)
    if not feedback["applied"]:
        raise AiopsError(f"{version.id}: {feedback['reason']}")
    typer.echo(f"{version.id}: {feedback['reason']}")
