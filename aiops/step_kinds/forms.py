"""Forms of steps: strict Structs of the `aiops/v1` format, one for each `kind`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Line = Annotated[str, Meta(min_length=1, max_length=300)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s{}?#]+$(?!\n)", max_length=500)]
# The name of a secret or of a system of the configuration.
ConfiguredName = Annotated[str, Meta(pattern=r"^[a-z0-9_.-]{1,64}$(?!\n)")]
HttpStatus = Annotated[int, Meta(ge=100, le=599)]
Scalar = str | int | float | bool


def _key(name: str) -> str:
    """Return the YAML key of a field: camelCase, without the underscore that avoids a keyword."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.title() for word in rest)


class Part(Struct, forbid_unknown_fields=True, omit_defaults=True, rename=_key, kw_only=True):
    """A part of a playbook: unknown fields are errors, keys are camelCase."""


class Form(Part, kw_only=True, tag_field="kind"):
    """A step that a run can execute; each kind has a form of its own, whose tag is the kind's name."""

    name: Annotated[Line, Meta(description="The step in words.")]


class SystemForm(Form, kw_only=True):
    """A step for a system of the configuration; `system` is its name, by default the kind of system."""

    system: Annotated[
        ConfiguredName | None, Meta(description="The name of the system in the configuration; by default its kind.")
    ] = None
