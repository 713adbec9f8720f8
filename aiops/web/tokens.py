"""Tokens over the API: who may do what, as configured; no secret and no hash."""

from __future__ import annotations

from msgspec import Struct

from aiops.http.auth import Scope, Token
from aiops.web.operations import Call, Operation


class KnownToken(Struct):
    """A token: its name and scopes, and the environment variable with its secret, if it is in one.

    `own` is true for the token of this request.
    """

    name: str
    scopes: list[Scope]
    env: str | None
    own: bool


class KnownTokens(Struct):
    """All tokens, in the order of the configuration; `open` is true if there are none."""

    open: bool
    tokens: list[KnownToken]


def list_tokens(call: Call) -> KnownTokens:
    """List the tokens of the configuration."""
    return KnownTokens(not call.tokens, [_known(one, call.actor) for one in call.tokens])


def _known(token: Token, actor: str | None) -> KnownToken:
    return KnownToken(token.name, list(token.scopes), token.env, token.name == actor)


OPERATIONS = [
    Operation("list_tokens", "GET", "/api/v1/tokens", "List tokens and scopes", "read", list_tokens, KnownTokens)
]
