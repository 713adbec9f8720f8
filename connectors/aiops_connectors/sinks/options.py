"""The options that all sinks over HTTP share, and the secrets that they name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.client import DEFAULT_TIMEOUT_S, HttpClient

OptionsT = TypeVar("OptionsT", bound="HttpOptions")


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every sink over HTTP.

    - `allow_private`: permits http and addresses of private networks, for receivers of one's own.
    - `timeout_s`: how long one attempt may take.
    - `ca_file`: certificates (PEM) to trust instead of the system's.
    """

    allow_private: bool = False
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = DEFAULT_TIMEOUT_S
    ca_file: str = ""


def convert(options: Mapping[str, Any], kind: type[OptionsT], place: str) -> OptionsT:
    """The options as a Struct; raise `UsageError` that says which one is wrong, and why."""
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: {error}") from None


def client_of(options: HttpOptions) -> HttpClient:
    """The guarded client of one endpoint."""
    return HttpClient(allow_private=options.allow_private, ca_file=options.ca_file or None)


def secret(variable: str, place: str) -> str:
    """The value of an environment variable; raise `UsageError` that names the variable when it is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"{place}: expected the secret in the environment variable {variable}; it is not set")
    if not value.isprintable():
        raise UsageError(f"{place}: expected one line of printable characters in the environment variable {variable}")
    return value


def url_of(url: str, url_env: str, place: str) -> tuple[str, bool]:
    """The URL, and whether it is a secret; raise `UsageError` unless exactly one of the two is given."""
    if bool(url) == bool(url_env):
        raise UsageError(f"{place}: expected either url or url_env (the environment variable with the URL)")
    if url_env:
        return secret(url_env, f"{place}.url_env"), True
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(f"{place}.url: expected no user or password in it; put such a URL into url_env")
    return url, False


def base_url(url: str, client: HttpClient, place: str) -> str:
    """The root of a receiver's API, without a slash at the end; raise `UsageError` for one that cannot be used."""
    client.check(url, f"{place}.base_url")
    if "?" in url or "#" in url or "@" in url:
        raise UsageError(f"{place}.base_url: expected a URL without a query, a fragment or a user; got one with")
    return url.rstrip("/")
