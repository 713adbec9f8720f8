"""A reader's preferences: time zone and density, kept in a cookie of the browser.

The cookie is a person's own and grants nothing. Each unknown part of it falls back to its
default.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from aiops import zones

COOKIE = "aiops_reader"
LIFE_S = 365 * 86_400
Density = Literal["comfortable", "compact"]
DENSITIES: tuple[Density, ...] = get_args(Density)
# Longer than any valid value: the longest name of a zone has 32 characters.
_MAX_CHARS = 100


class Reader(Struct, frozen=True):
    """The preferences of whoever reads a page."""

    zone: str = "UTC"
    density: Density = "comfortable"


def read_cookie(value: str) -> Reader:
    """Return the preferences of a cookie.

    >>> read_cookie("Europe:Berlin~compact"), read_cookie("Nowhere~compact")
    (Reader(zone='Europe/Berlin', density='compact'), Reader(zone='UTC', density='compact'))
    """
    zone, _, given = value[:_MAX_CHARS].partition("~")
    name = zone.replace(":", "/")
    density = next((one for one in DENSITIES if one == given), DENSITIES[0])
    return Reader(name if name in zones.names() else "UTC", density)


def write_cookie(reader: Reader) -> str:
    """Return the value of a cookie, in characters that no cookie needs quotes for.

    >>> write_cookie(Reader("America/New_York", "compact"))
    'America:New_York~compact'
    """
    return f"{reader.zone.replace('/', ':')}~{reader.density}"
