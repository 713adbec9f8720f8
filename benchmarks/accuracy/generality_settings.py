"""Settings of the correlator for one run: keys of `correlate`, fields of its weights, constants of its modules."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

import aiops.engine.correlate as room
from aiops.compile import is_compiled
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.topology import Topology

# Name -> value, as they are typed.
Given = Mapping[str, str]


class Settings(NamedTuple):
    """A configuration and weights, a frozen dataclass; constants are set in their modules."""

    config: CorrelateConfig
    weights: Any

    @classmethod
    def default(cls) -> Settings:
        """Those that people run with."""
        config = CorrelateConfig()
        return cls(config, Correlator(config, Topology.build([], [])).weights)

    def correlator(self, topology: Topology, sensitivity: float | None = None) -> Correlator:
        """A correlator that has seen nothing, at another sensitivity where one is given."""
        config = self.config if sensitivity is None else replace(self.config, sensitivity=sensitivity)
        return Correlator(config, topology, self.weights)


def pairs(texts: list[str], option: str = "--set") -> dict[str, str]:
    """Options `name=value`; raise `ValueError` for one that is none.

    >>> pairs(["near=3", "correlate.idle_s=60"])
    {'near': '3', 'correlate.idle_s': '60'}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise ValueError(f"{option}: expected NAME=VALUE (got {text!r})")
        found[name] = value
    return found


@contextmanager
def applied(given: Given) -> Iterator[Settings]:
    """The settings inside; constants are as before afterwards. Raise `ValueError` for a name that nothing has."""
    config, weights = Settings.default()
    constants: dict[str, str] = {}
    for name, text in given.items():
        key = name.removeprefix("correlate.")
        if key in CorrelateConfig.__struct_fields__:
            value = number(text, getattr(config, key), name)
            config = msgspec.convert({**msgspec.structs.asdict(config), key: value}, CorrelateConfig)
        elif name.isupper():
            constants[name] = text
        else:
            weights = _replaced(weights, name.split("."), text, name)
    before = _set_constants(constants)
    try:
        yield Settings(config, weights)
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def _replaced(owner: Any, path: list[str], text: str, name: str) -> Any:
    """A copy of a dataclass with one field, or one of a dataclass within it, replaced."""
    if not dataclasses.is_dataclass(owner) or path[0] not in {field.name for field in dataclasses.fields(owner)}:
        raise ValueError(
            f"--set: unknown {name!r}; use a key of CorrelateConfig, a field of the weights or a constant of the room"
        )
    old = getattr(owner, path[0])
    new = _replaced(old, path[1:], text, name) if len(path) > 1 else number(text, old, name)
    # The type of an instance is a class, which the checker of types cannot know of `Any`.
    return dataclasses.replace(owner, **{path[0]: new})  # type: ignore[type-var]


def number(text: str, old: Any, name: str) -> Any:
    """The value of the kind of the old one; whole numbers may become fractions."""
    try:
        if isinstance(old, bool):
            return {"true": True, "false": False}[text.lower()]
        return int(text) if isinstance(old, int) and text.lstrip("-").isdigit() else float(text)
    except (KeyError, ValueError):
        raise ValueError(f"--set: {name}: expected a {type(old).__name__} (got {text!r})") from None


def _set_constants(given: Given) -> list[tuple[ModuleType, str, Any]]:
    """Set constants in every module that has them by name; return what they were."""
    if given and is_compiled():
        raise ValueError("--set: constants of compiled modules cannot be changed; run `make interpreted`")
    modules = [importlib.import_module(f"{room.__name__}.{each.name}") for each in pkgutil.iter_modules(room.__path__)]
    before = []
    for name, text in given.items():
        found = [module for module in modules if name in vars(module)]
        if not found:
            raise ValueError(f"--set: no module of {room.__name__} has the constant {name}")
        before += [(module, name, vars(module)[name]) for module in found]
        for module in found:
            setattr(module, name, number(text, vars(module)[name], name))
    return before
