"""Settings of a sweep: combinations of values, each checked by the configuration's own loader."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops import config_file
from aiops.config import DEFAULT_SETTLE_S, Config, load_config
from aiops.errors import UsageError
from aiops.replay_keys import PAGER, check_key
from aiops.sweep.axes import MAX_RUNS, Axis, parse_axis
from aiops.wording import plural

NOT_SET = "not set"
_MISSING = object()


class Setting(Struct, frozen=True):
    """One combination: a value for each key of the sweep; no assignment is the configuration as it is."""

    assignments: tuple[tuple[str, str], ...]
    # The value of each key, also where the configuration has it without an assignment.
    values: tuple[str, ...]
    # The first key's value as a number, for an axis of a picture; None for words.
    number: float | None = None
    is_current: bool = False

    @property
    def label(self) -> str:
        """Return what people read; the keys stand above the table, in this order."""
        return ", ".join(self.values)


class Base(Struct, frozen=True):
    """The configuration that a sweep starts from: a file, and assignments over it.

    `plain` is a whole configuration as plain values by key, instead of a file.
    """

    config: str | None = None
    sets: tuple[str, ...] = ()
    # True if the command names a dependency graph, which then stands above the key `topology`.
    has_topology: bool = False
    plain: dict[str, Any] | None = None

    def load(self, setting: Setting | None = None) -> Config:
        """Load the configuration with a setting over it; raise `UsageError` for what does not fit."""
        swept = setting.assignments if setting is not None else ()
        assignments = [*self._pager(), *self.sets, *(f"{key}={value}" for key, value in swept)]
        return load_config(Path(self.config) if self.config else None, assignments, self.plain)

    def _pager(self) -> list[str]:
        """Return the assignment of the default endpoint, where neither the file nor an assignment has one."""
        loaded = load_config(Path(self.config) if self.config else None, self.sets, self.plain)
        return [] if loaded.endpoints else [PAGER]


def settings_of(base: Base, sweeps: Sequence[str]) -> tuple[list[Axis], list[Setting]]:
    """Return the axes, and all combinations with the current one among them.

    Raise `UsageError` for what does not fit, before anything runs.

    The first key varies slowest. A current combination that the sweep leaves out is added in the order of its number.
    """
    axes = [parse_axis(text) for text in sweeps]
    keys = [axis.key for axis in axes]
    if len(set(keys)) != len(keys):
        raise UsageError(f"--sweep: a key twice (got {', '.join(keys)}); list all its values in one --sweep")
    count = prod(len(axis.values) for axis in axes)
    if count > MAX_RUNS:
        raise UsageError(f"--sweep: {plural(count, 'combination')}, at most {MAX_RUNS}; use fewer values")
    current = base.load()
    for key in keys:
        _check_key(key, base)
    settings = [setting(axes, current, values) for values in product(*(axis.values for axis in axes))]
    for one in settings:
        _check(base, one)
    return axes, _with_current(settings, axes, current)


def setting(axes: Sequence[Axis], current: Config, values: Sequence[str]) -> Setting:
    """Return the combination of one value for each axis."""
    pairs = tuple((axis.key, value) for axis, value in zip(axes, values, strict=True))
    parsed = [config_file.parse_value(value) for value in values]
    is_current = all(_is_equal(value_of(current, axis.key), one) for axis, one in zip(axes, parsed, strict=True))
    return Setting(pairs, tuple(values), _as_number(parsed[0]), is_current)


def value_of(config: Config, key: str) -> Any:
    """Return the value that a configuration has for a dotted key; without one, a marker unlike any value."""
    found: Any = config
    for step in key.split("."):
        if isinstance(found, list):
            found = next((item for item in found if getattr(item, "name", None) == step), _MISSING)
        elif isinstance(found, dict):
            found = found.get(step, _MISSING)
        else:
            found = getattr(found, step, _MISSING)
    if found is _MISSING and ".settle_s." in key:
        # A severity that is left out keeps its default.
        return DEFAULT_SETTLE_S.get(key.rpartition(".")[2], _MISSING)
    return found


def _with_current(settings: list[Setting], axes: Sequence[Axis], current: Config) -> list[Setting]:
    if any(one.is_current for one in settings):
        return settings
    number = _as_number(value_of(current, axes[0].key))
    added = Setting((), tuple(current_values(axes, current)), number, is_current=True)
    return inserted(settings, added)


def inserted(settings: Sequence[Setting], added: Setting) -> list[Setting]:
    """Return the settings with one more: by its number where all have one for their only key, else first."""
    numbers = [one.number for one in (added, *settings)]
    if None in numbers or len(added.values) > 1:
        return [added, *settings]
    place = next((at for at, one in enumerate(settings) if (one.number or 0.0) > (added.number or 0.0)), len(settings))
    return [*settings[:place], added, *settings[place:]]


def current_values(axes: Sequence[Axis], current: Config) -> list[str]:
    """Return the value that the configuration has for each key, as text."""
    return [_shown(value_of(current, axis.key)) for axis in axes]


def _shown(value: Any) -> str:
    if value is _MISSING:
        return NOT_SET
    plain = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_equal(one: Any, other: Any) -> bool:
    return one is not _MISSING and bool(msgspec.to_builtins(one) == other)


def _check(base: Base, one: Setting) -> None:
    """Load one combination; an error names the values that it is about."""
    try:
        base.load(one)
    except UsageError as error:
        given = ", ".join(f"{key} = {value}" for key, value in one.assignments)
        raise UsageError(f"--sweep {given}: {str(error).removeprefix('--set: ')}") from None


def _check_key(key: str, base: Base) -> None:
    """Raise `UsageError` for a key that does not exist, or that no replay depends on."""
    if key == "topology" and base.has_topology:
        raise UsageError("--sweep topology: --topology names the graph already; leave --topology out")
    check_key(key, "--sweep")
