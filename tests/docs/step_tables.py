"""The step kinds in docs/playbook-fields.md, written from their forms by `make docs`.

Only `http`, `webhook` and the steps that are no kinds have tables by hand. The types of the fields that hold steps are
written, too: they name every kind.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from aiops import registry
from aiops.options import describe
from aiops.respond.format import Playbook
from aiops.respond.http_kinds import HttpKind, WebhookKind
from aiops.respond.step_registry import BUILT_IN
from aiops.step_kinds.kind import GROUP, PLACES, StepKind
from tests.docs.option_tables import table

PAGE = Path(__file__).parents[2] / "docs" / "playbook-fields.md"
BEGIN, END = "<!-- step kinds: make docs -->", "<!-- end of step kinds -->"
BY_HAND = (HttpKind, WebhookKind)
_STEPS = ("preconditions", "diagnosis", "steps", "verify", "rollback")


def shipped() -> list[type[StepKind[Any]]]:
    """Return the kinds that this repository ships and that have no table by hand."""
    own = [registry.load(GROUP, name) for name in registry.names(GROUP, only=registry.DISTRIBUTION)]
    return [one for one in (*BUILT_IN, *own) if one not in BY_HAND]  # type: ignore[misc]


def written(page: str) -> str:
    """Return the page as the kinds declare it now."""
    for option in describe(Playbook, unfold=False):
        if option.name in _STEPS:
            row = re.compile(rf"^(\| `{option.name}` \|) [^|]+ \|", re.MULTILINE)
            page = row.sub(rf"\1 {option.kind} |", page)
    head, _, rest = page.partition(BEGIN)
    seen: set[type[Struct]] = set()
    parts = [part for kind in shipped() for part in _sections(kind, seen)]
    return f"{head}{BEGIN}\n\n{''.join(parts)}{END}{rest.partition(END)[2]}"


def _sections(kind: type[StepKind[Any]], seen: set[type[Struct]]) -> list[str]:
    places = [place for place in PLACES if place in kind.places]
    where = f"In {', '.join(f'`{_field(place)}`' for place in places)}."
    needs = f" Needs a [system](configuration.md#respond-guarded-runs-of-playbooks) of kind `{kind.system}`."
    does = " ".join((kind.form.__doc__ or "").split())
    text = f"{does} {where}{needs if kind.system else ''}"
    own = f"### `{kind.form.__name__}`: `kind: {kind.kind}`\n\n{text}\n\n{_fields(kind.form)}\n"
    inner = [one for one in _inner(kind.form) if one not in seen]
    seen.update(inner)
    return [
        own,
        *(f"### `{one.__name__}`\n\n{one.__doc__}\n\n{_fields(one)}\n" for one in inner),
    ]


def _fields(struct: type[Struct]) -> str:
    return table(describe(struct, unfold=False), "field")


def _field(place: str) -> str:
    return {"precondition": "preconditions", "step": "steps"}.get(place, place)


def _inner(struct: type[Struct]) -> list[type[Struct]]:
    """Return the Structs that only the fields of a form reach."""
    found: list[type[Struct]] = []

    def reach(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, Struct):
            if kind not in found:
                found.append(kind)
                for hint in get_type_hints(kind).values():
                    reach(hint)
            return
        for one in get_args(kind):
            reach(one)

    for hint in get_type_hints(struct).values():
        reach(hint)
    return found


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
