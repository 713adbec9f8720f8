"""The detector store: a directory of fitted detectors, and the history of those that were promoted.

One JSON file a model, named by its id, and `history.json` with the ids that were promoted, the last one in place. Files
are written beside and renamed: a crash leaves the old or the new one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import AiopsError, UsageError

_HISTORY = "history.json"
# A promotion a day for years; older steps are not gone back to.
_MAX_HISTORY = 1000
# Ids become file names: what `train` makes, and nothing that leads out of the directory.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


class Model(Struct, kw_only=True):
    """A fitted detector in the store; `at` is the time of its last training row (Unix seconds)."""

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


class DetectorStore:
    """A models directory; it need not exist yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def models(self) -> list[Model]:
        """All models, by the time they learned up to, then id."""
        found = [self._read(path) for path in sorted(self.directory.glob("*.json")) if path.name != _HISTORY]
        return sorted(found, key=lambda model: (model.at, model.id))

    def get(self, id: str) -> Model:
        """The model of an id; raise `UsageError` that lists what there is."""
        if _ID.fullmatch(id) and (path := self.directory / f"{id}.json").is_file():
            return self._read(path)
        known = ", ".join(model.id for model in self.models()) or "none, train one first"
        raise UsageError(f"models: expected one of: {known}; got {id[:100]!r}")

    def put(self, model: Model) -> None:
        """Add a model; the same id is the same numbers and is written again."""
        if not _ID.fullmatch(model.id):
            raise UsageError(f"models: expected an id of letters, digits and dashes; got {model.id[:100]!r}")
        self._write(f"{model.id}.json", model)

    def history(self) -> list[str]:
        """The ids that were promoted, the one in place last."""
        path = self.directory / _HISTORY
        if not path.exists():
            return []
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[str])
        except (OSError, msgspec.MsgspecError) as error:
            raise AiopsError(f"models: {path}: {error}") from error

    def current(self) -> Model | None:
        """The model in place, None before the first promotion."""
        history = self.history()
        return self.get(history[-1]) if history else None

    def promote(self, id: str) -> Model:
        """Put a model in place."""
        model = self.get(id)
        self._write(_HISTORY, [*self.history(), model.id][-_MAX_HISTORY:])
        return model

    def before(self) -> Model:
        """The model that was in place before the current one; raise `UsageError` where there is none."""
        history = self.history()
        if len(history) < 2:
            raise UsageError(f"models: nothing to go back to: {len(history)} promoted so far, expected at least 2")
        return self.get(history[-2])

    def rollback(self) -> Model:
        """Put the model `before` back in place."""
        model = self.before()
        self._write(_HISTORY, self.history()[:-1])
        return model

    def _read(self, path: Path) -> Model:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Model)
        except (OSError, msgspec.MsgspecError) as error:
            raise AiopsError(f"models: {path}: {error}") from error

    def _write(self, name: str, value: Any) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            aside = self.directory / f".{name}.new"
            with aside.open("wb") as file:
                file.write(msgspec.json.encode(value))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.directory / name)
        except OSError as error:
            raise AiopsError(f"models: {self.directory}: {error.strerror or error}") from error
