"""The options that all sinks over HTTP share, and the secrets that they name."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.client import DEFAULT_TIMEOUT_S, HttpClient


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every sink over HTTP."""

    allow_private: Annotated[
        bool, Meta(description="Permits plain http and addresses of private networks, for receivers of one's own.")
    ] = False
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long one attempt may take.")] = DEFAULT_TIMEOUT_S
    ca_file: Annotated[str, Meta(description="Certificates (PEM) to trust instead of the system's.")] = ""


def client_of(options: HttpOptions) -> HttpClient:
    """Return the guarded client of one endpoint."""
    return HttpClient(allow_private=options.allow_private, ca_file=options.ca_file or None)


def secret(variable: str, place: str) -> str:
    """Return the value of an environment variable; raise `UsageError` if it is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"{place}: expected the secret in the environment variable {variable}; it is not set")
    if not value.isprintable():
        raise UsageError(f"{place}: expected one line of printable characters in the environment variable {variable}")
    return value


def url_of(url: str, url_env: str, place: str) -> tuple[str, bool]:
    """Return the URL and if it is a secret; raise `UsageError` unless exactly one of the two is given."""
    if bool(url) == bool(url_env):
        raise UsageError(f"{place}: expected either url or url_env (the environment variable with the URL)")
    if url_env:
        return secret(url_env, f"{place}.url_env"), True
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(f"{place}.url: expected no user or password in it; put such a URL into url_env")
    return url, False


def base_url(url: str, client: HttpClient, place: str) -> str:
    """Return the root of a receiver's API without a final slash; raise `UsageError` for an unusable one."""
    client.check(url, f"{place}.base_url")
    if "?" in url or "#" in url or "@" in url:
        raise UsageError(f"{place}.base_url: expected a URL without a query, a fragment or a user; got one with")
    return url.rstrip("/")
