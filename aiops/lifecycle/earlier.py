"""The detector store of earlier releases: a file a detector, and `history.json` of the promoted ones.

It is taken over once, whole: ids, times, areas, verdicts, reasons and the order of promotions. The files then lie in
`earlier/`, unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from aiops.errors import AiopsError
from aiops.lifecycle.version import Data, Move, Version
from aiops.model_state import DETECT, canonical, version_id

HISTORY, FOLDER = "history.json", "earlier"


class Model(Struct, kw_only=True):
    """A detector as it was stored; `at` is the time of its last training row (Unix seconds)."""

    id: str
    algorithm: str
    at: float
    rows: int
    area: float
    verdict: bool
    reason: str
    incumbent: str | None = None
    incumbent_area: float | None = None
    state: Any


class Target(Protocol):
    """The registry."""

    def put(self, version: Version, text: str) -> None:
        """Add a version."""
        ...

    def stage(self, version: Version, move: Move) -> None:
        """Move a version."""
        ...

    def served(self, slot: str) -> list[str]:
        """Return the versions that served."""
        ...


def take_over(directory: Path, target: Target) -> None:
    """Move what earlier releases stored into the registry.

    A crash on the way is made up for by the next call.
    """
    files = sorted(path for path in directory.glob("*.json") if not path.name.startswith("."))
    if not files:
        return
    models = [(path, _read(path)) for path in files if path.name != HISTORY]
    for _, model in sorted(models, key=lambda pair: (pair[1].at, pair[1].id)):
        target.put(version_of(model), canonical(model.state))
    _promotions(directory / HISTORY, {model.id: model for _, model in models}, target)
    try:
        (directory / FOLDER).mkdir(mode=0o700, exist_ok=True)
        for path in files:
            os.replace(path, directory / FOLDER / path.name)
    except OSError as error:
        raise AiopsError(f"models: {directory}: {error.strerror or error}") from error


def version_of(model: Model) -> Version:
    """Return a stored detector as a version.

    Verdicts were on planted anomalies, which recommend nothing any more; what they advised against stays so.
    """
    metrics = {"rows": float(model.rows), "planted_area": model.area, "planted_verdict": float(model.verdict)}
    if model.incumbent_area is not None:
        metrics["incumbent_planted_area"] = model.incumbent_area
    return Version(
        id=version_id(model.algorithm, canonical(model.state)),
        slot=DETECT,
        algorithm=model.algorithm,
        data=Data(until=model.at),
        metrics=metrics,
        verdict=None if model.verdict else False,
        reason=model.reason,
        incumbent=model.incumbent,
        created=model.at,
    )


def _promotions(path: Path, models: dict[str, Model], target: Target) -> None:
    if not path.exists() or target.served(DETECT):
        return
    try:
        ids = msgspec.json.decode(path.read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError) as error:
        raise AiopsError(f"models: {path}: {error}") from error
    for id in ids:
        if id in models:
            version = version_of(models[id])
            note = "promoted in an earlier release"
            move = Move(slot=DETECT, version=version.id, stage="serving", at=models[id].at, reason=note)
            target.stage(version, move)


def _read(path: Path) -> Model:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Model)
    except (OSError, msgspec.MsgspecError) as error:
        raise AiopsError(f"models: {path}: {error}") from error
