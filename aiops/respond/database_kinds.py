"""The kinds of databases of this installation, registered by entry points.

They are found once. One that cannot be loaded is left out with the reason: what names it is refused, and nothing else.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from aiops import registry
from aiops.errors import AiopsError, UsageError
from aiops.step_kinds.databases import GROUP, Database


class Databases(Struct):
    """The kinds by name, and the plugins that could not be used with the reason."""

    kinds: dict[str, type[Database]]
    problems: dict[str, str]


@cache
def installed() -> Databases:
    """Return the kinds of this installation."""
    made = Databases({}, {})
    for name in registry.names(GROUP):
        try:
            found = registry.load(GROUP, name)
        except AiopsError as error:
            made.problems[name] = str(error)
        except Exception as error:
            # A plugin can raise anything when it is imported; alerts are still correlated without it.
            made.problems[name] = f"{type(error).__name__}: {error}"
        else:
            if isinstance(found, type) and issubclass(found, Database):
                made.kinds[name] = found
            else:
                made.problems[name] = f"expected a subclass of aiops.step_kinds.databases.Database; got {found!r}"
    return made


def database_named(name: str) -> type[Database]:
    """Return a kind by its name; raise `UsageError` for one that is not installed."""
    known = installed()
    if name not in known.kinds:
        why = known.problems.get(name) or f"use {', '.join(known.kinds) or 'none: is the distribution installed?'}"
        raise UsageError(f"unknown kind of database {name!r} ({why})")
    return known.kinds[name]
