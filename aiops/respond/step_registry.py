"""The kinds of steps of this installation: built in, or registered by entry points.

They are found once, when the format of playbooks is first needed. A plugin that cannot be loaded is left out, with the
reason: a playbook that uses it is refused, and no other.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from aiops import registry
from aiops.errors import AiopsError, UsageError
from aiops.respond.approval_kind import ApprovalKind
from aiops.respond.http_kinds import HttpKind, WebhookKind
from aiops.respond.local_kinds import ExecKind, NotifyKind, WaitKind
from aiops.respond.silence_kind import SilenceKind
from aiops.step_kinds.forms import Form
from aiops.step_kinds.kind import GROUP, PLACES, Place, StepKind
from aiops.step_kinds.systems import System

BUILT_IN: tuple[type[StepKind[Any]], ...] = (
    HttpKind,
    WebhookKind,
    WaitKind,
    NotifyKind,
    ApprovalKind,
    SilenceKind,
    ExecKind,
)
# Kinds that no plugin can take: a person carries them out, or the engine judges them.
_OTHERS = ("manual", "alert-resolved")


class Kinds(Struct):
    """The kinds by name, and the plugins that could not be used with the reason."""

    kinds: dict[str, StepKind[Any]]
    problems: dict[str, str]


@cache
def installed() -> Kinds:
    """Return the kinds of this installation, the built-in ones first."""
    made = Kinds({one.kind: one() for one in BUILT_IN}, {})
    for name in registry.names(GROUP):
        try:
            made.kinds[name] = usable(name, registry.load(GROUP, name), made)
        except AiopsError as error:
            made.problems[name] = str(error)
        except Exception as error:
            # A plugin can raise anything when it is imported; alerts are still correlated without it.
            made.problems[name] = f"{type(error).__name__}: {error}"
    return made


def usable(name: str, found: Any, others: Kinds) -> StepKind[Any]:
    """Return the kind that is registered as `name`; raise `UsageError` for a class that is none."""
    place = f"{GROUP}: {name!r}"
    if not (isinstance(found, type) and issubclass(found, StepKind)):
        raise UsageError(f"{place}: expected a subclass of aiops.step_kinds.kind.StepKind; got {found!r}")
    if name in (*others.kinds, *_OTHERS):
        raise UsageError(f"{place}: there is a kind of this name already; choose another")
    form = found.form
    if not issubclass(form, Form) or form.__struct_config__.tag != name or found.kind != name:
        raise UsageError(f"{place}: expected `kind` and the tag of its form to be {name!r}")
    if not found.places or not found.places <= set(PLACES):
        raise UsageError(f"{place}: expected places of {', '.join(PLACES)}; got {sorted(found.places)}")
    same = next((one for one in others.kinds.values() if found.system and one.system == found.system), None)
    if same is not None and same.Options is not found.Options:
        raise UsageError(f"{place}: expected the Options of {same.kind!r}, which uses the same system")
    # Annotations that cannot be read would otherwise fail with the first playbook.
    msgspec.json.schema(form)
    return found()


def kind_of(step: Form) -> StepKind[Any]:
    """Return the kind of a step."""
    return kind_named(name_of(step))


def name_of(step: Form) -> str:
    """Return the name of a step's kind."""
    return str(step.__struct_config__.tag)


def kind_named(name: str) -> StepKind[Any]:
    """Return a kind by its name; raise `UsageError` for one that is not installed."""
    found = installed().kinds.get(name)
    if found is None:
        raise UsageError(f"the kind of step {name!r} is not installed")
    return found


def names(place: Place) -> list[str]:
    """Return the names of the kinds that can stand at a place, in order of registration."""
    return [name for name, kind in installed().kinds.items() if place in kind.places]


def forms(place: Place) -> tuple[type[Form], ...]:
    """Return the forms of the kinds that can stand at a place."""
    return tuple(installed().kinds[name].form for name in names(place))


def system_kinds() -> dict[str, type[Struct]]:
    """Return the kinds of systems that steps can use, with the Struct of their options."""
    found = {kind.system: kind.Options for kind in installed().kinds.values() if kind.system is not None}
    return dict(sorted(found.items()))


def system_of(step: Form) -> tuple[str, str] | None:
    """Return the name and the kind of the system that a step is for; None for a step that needs none."""
    kind = kind_of(step)
    if kind.system is None:
        return None
    return getattr(step, "system", None) or kind.system, kind.system


def stand_in(step: Form) -> System | None:
    """Return a system to show a step with where none is configured: its URL is a blank, `https://<name>`."""
    wanted, kind = system_of(step), kind_of(step)
    if wanted is None:
        return None
    options = msgspec.convert(dict(kind.example_options), kind.Options)
    return System(wanted[0], wanted[1], f"https://<{wanted[0]}>", options=options)
