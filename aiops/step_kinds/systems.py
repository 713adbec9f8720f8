"""Systems: where the steps of a kind are sent, as the operator configured it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class NoSystemOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The declaration of a kind of system without options."""


class System(Struct, frozen=True):
    """A system of the configuration: `[respond.systems.NAME]`.

    `secret` is the name of a secret, never its value. `options` are an instance of the kind's own `Options`. `entities`
    are shell patterns of the entities that it is, for collectors that name one.
    """

    name: str
    kind: str
    url: str
    secret: str | None = None
    ca_file: str | None = None
    options: Struct = NoSystemOptions()
    entities: Sequence[str] = ()
