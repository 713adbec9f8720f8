"""Rendering of steps for people: requests with whole values, commands with quoted words.

Nothing is evaluated. In the `run` text of a manual step each value is quoted for a shell, because people copy commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from msgspec import Struct

from aiops.errors import UsageError
from aiops.respond.collectors import Collect, read_kind, system_of
from aiops.respond.step_registry import kind_of, name_of, stand_in
from aiops.respond.steps import AlertResolved, Check, Diagnosis, Manual, Step
from aiops.step_kinds.exchange import Prepared
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import PLACEHOLDER, fill, placeholders, plain

# A parameter without a value, or a blank that the author left.
BLANK = re.compile(r"(<[A-Za-z][A-Za-z0-9_-]{0,40}>)")


class Shown(Struct, omit_defaults=True):
    """A rendered step: a command for a person, or a request with all that belongs to it.

    `missing` names the parameters without a value. The URL of a system is the blank `https://<its name>`.
    """

    kind: str
    name: str
    run: str | None = None
    expect: str | None = None
    note: str | None = None
    request: Prepared | None = None
    missing: list[str] = []


def show(step: Step | Check | Diagnosis, values: Mapping[str, Scalar]) -> Shown:
    """Render a step for a person; a missing value stays visible as `<name>`.

    Raise `UsageError` for a value that does not fit its place.
    """
    missing = [name for name in placeholders(step) if name not in values]
    if isinstance(step, Manual):
        run = command(step.run, values) if step.run else None
        return Shown("manual", step.name, run, step.expect, step.note, missing=missing)
    if isinstance(step, Collect):
        place = f"{system_of(step)} when the incident opens, if that system is configured"
        if step.entity is not None:
            entity = fill(step.entity, {**{name: f"<{name}>" for name in missing}, **values})
            place = (
                f"the {read_kind(step)} with the entity {plain(entity)} when the incident opens, if one is configured"
            )
        return Shown("collect", step.name, expect=f"read from {place}", missing=missing)
    if isinstance(step, AlertResolved):
        text = f"the incident's alerts resolve within {step.within} and stay resolved for {step.stable_for}"
        return Shown("alert-resolved", text)
    full = {**{name: f"<{name}>" for name in missing}, **values}
    try:
        prepared = kind_of(step).prepare(step, full, stand_in(step))
    except UsageError:
        # A blank in place of a missing value is no name of an object; without the value nothing would be sent.
        if not missing:
            raise
        return Shown(name_of(step), step.name, missing=missing)
    return Shown(name_of(step), step.name, request=prepared, missing=missing)


def command(run: str, values: Mapping[str, Scalar]) -> str:
    """Render a command with each value quoted as one shell word.

    >>> command("kubectl -n {{ namespace }} get pod {{ pod }}", {"namespace": "shop", "pod": "a b"})
    "kubectl -n shop get pod 'a b'"
    """
    return PLACEHOLDER.sub(lambda found: _word(found.group(1), values), run).strip()


def _word(name: str, values: Mapping[str, Scalar]) -> str:
    if name not in values:
        return f"<{name}>"
    word = shlex.quote(plain(values[name]))
    # A value that looks like a blank is none: two quotes in it break the look, and change nothing for a shell.
    return word.replace("<", "<''") if BLANK.search(word) else word
