"""The configuration of the daemon and of everything else that reads `aiops.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aiops import configfile
from aiops.engine.config import EngineConfig


class Config(EngineConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`aiops.toml`: the engine's sections, and those of its host."""


def load_config(path: Path | None, sets: Sequence[str] = ()) -> Config:
    """Read a configuration; raise `UsageError` that names the place of what does not fit."""
    return configfile.load(path, sets, Config)
