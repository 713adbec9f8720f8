"""The kinds of systems that collectors read over HTTP, with the options of each."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.step_kinds.systems import NoSystemOptions


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a system of the kind `http`."""

    read_paths: Annotated[
        list[str], Meta(description="Paths that collectors may GET; `*` stands for one segment. Others are not read.")
    ]


# By kind, those that are read over HTTP; databases are plugins (`database_kinds`). A step kind that uses a system of
# the same name brings its own options.
READ_KINDS: dict[str, type[Struct]] = {
    "http": HttpOptions,
    "kubernetes": NoSystemOptions,
    "loki": NoSystemOptions,
    "prometheus": NoSystemOptions,
}
