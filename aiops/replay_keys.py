"""Keys of the configuration that a replay depends on, checked with the nearest one that is known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from aiops.config import Config, EndpointConfig
from aiops.engine.config import EngineConfig
from aiops.errors import UsageError
from aiops.options import describe

# Without an endpoint in the configuration, notifications are counted for one with the default policy.
PAGER_NAME = "pager"
PAGER = f'endpoints=[{{name="{PAGER_NAME}", type="webhook"}}]'
# Keys of an endpoint that decide which messages are due; all others concern their delivery, which a replay lacks.
PAGED_BY = (
    "settle_s",
    "min_severity",
    "max_updates",
    "update_every_s",
    "repeat_interval_s",
    "send_resolved",
    "hold_resolved_s",
)
_ENGINE = EngineConfig.__struct_fields__


def check_key(key: str, place: str) -> None:
    """Raise `UsageError` for a key that does not exist, or that no replay depends on.

    `place` begins the message.
    """
    known = list(known_keys())
    if key in known or any(key.startswith(f"{one}.") for one in known if one.endswith(".options")):
        return
    steps = key.split(".")
    if steps[0] == "endpoints":
        _check_endpoint_key(key, steps, place)
        return
    every = [option.name for option in describe(Config)]
    if key in every:
        raise UsageError(
            f"{place} {key}: no replay depends on it; use a key of {', '.join(_ENGINE)} or endpoints".strip()
        )
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]}?" if near else "see `aiops config keys`"
    raise UsageError(f"{place}: unknown key {key[:100]!r}; {hint}".removeprefix(": "))


def known_keys() -> Iterator[str]:
    """Yield the keys of the engine and of the topology, dotted."""
    for option in describe(Config):
        if option.name.split(".")[0] in (*_ENGINE, "topology"):
            yield option.name


def _check_endpoint_key(key: str, steps: Sequence[str], place: str) -> None:
    fields: Iterable[str] = [field.name for field in structs.fields(EndpointConfig)]
    start = f"{place} {key}".strip()
    if len(steps) < 3 or (steps[2] == "settle_s") != (len(steps) == 4) or len(steps) > 4:
        raise UsageError(f"{start}: expected endpoints.NAME.KEY, such as endpoints.pager.settle_s.warning")
    if steps[2] in PAGED_BY:
        return
    if steps[2] in fields:
        raise UsageError(f"{start}: a replay delivers nothing; use one of {', '.join(PAGED_BY)}")
    near = difflib.get_close_matches(steps[2], PAGED_BY, 1)
    raise UsageError(f"{start}: unknown key {steps[2][:100]!r}; use {near[0] if near else ', '.join(PAGED_BY)}")
