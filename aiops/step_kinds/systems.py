"""Systems: where the steps of a kind are sent, as the operator configured it."""

from __future__ import annotations

from msgspec import Struct


class NoSystemOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The declaration of a kind of system without options."""


class System(Struct, frozen=True):
    """A system of the configuration: `[respond.systems.NAME]`.

    `secret` is the name of a secret, never its value. `options` are an instance of the kind's own `Options`.
    """

    name: str
    kind: str
    url: str
    secret: str | None = None
    ca_file: str | None = None
    options: Struct = NoSystemOptions()
