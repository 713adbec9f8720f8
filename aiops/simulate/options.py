"""Options of the simulator."""

from __future__ import annotations

from msgspec import Struct

from aiops.errors import UsageError

# A Monday morning in UTC, an hour in which people work.
START_S = 1_772_438_400.0
# Caps keep a mistyped option from filling a disk: the largest run is some ten million alerts.
MAX_SERVICES = 5_000
MAX_FAULTS = 5_000
MAX_NOISE = 1_000.0
MAX_HOURS = 24.0 * 31


class Options(Struct, frozen=True, kw_only=True):
    """A run of the simulator; equal options give equal bytes.

    `noise` is the number of background alerts an hour for each service, over all its kinds. `start` is in Unix seconds.
    """

    seed: int = 1
    services: int = 24
    faults: int = 6
    noise: float = 6.0
    hours: float = 4.0
    start: float = START_S


# The run that `aiops demo` plays: several thousand alerts that should become a handful of incidents.
STORM = Options(seed=7, services=48, faults=7, noise=6.0, hours=4.0)


def check(options: Options) -> Options:
    """Return the options if they can be simulated; raise `UsageError` with the expected values otherwise.

    >>> check(Options(services=0))
    Traceback (most recent call last):
    aiops.errors.UsageError: --services: expected 2 to 5000, got 0
    """
    _within("--services", options.services, 2, MAX_SERVICES)
    _within("--faults", options.faults, 0, MAX_FAULTS)
    _within("--noise", options.noise, 0, MAX_NOISE)
    _within("--hours", options.hours, 0.5, MAX_HOURS)
    return options


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{name}: expected {low:g} to {high:g}, got {value:g}")
