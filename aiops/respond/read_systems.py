"""The kinds of systems that collectors read, with the options of each."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.step_kinds.systems import NoSystemOptions


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a system of the kind `http`."""

    read_paths: Annotated[
        list[str], Meta(description="Paths that collectors may GET; `*` stands for one segment. Others are not read.")
    ]


class SqlOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a system of the kind `sql`, which has no `url`."""

    file: Annotated[str, Meta(min_length=1, description="The SQLite file, which is opened for reading alone.")]


# By kind. A step kind that uses a system of the same name brings its own options.
READ_KINDS: dict[str, type[Struct]] = {
    "http": HttpOptions,
    "kubernetes": NoSystemOptions,
    "loki": NoSystemOptions,
    "prometheus": NoSystemOptions,
    "sql": SqlOptions,
}
# Kinds that are no address.
WITHOUT_URL = frozenset({"sql"})
