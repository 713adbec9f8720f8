"""The options that all sinks over HTTP share, and the secrets that they name."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.client import DEFAULT_TIMEOUT_S, HttpClient
from aiops.http.proxies import DIRECT, Choose, always, from_environment, no_proxy, parse_proxy


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every sink over HTTP."""

    allow_private: Annotated[
        bool, Meta(description="Permits plain http and addresses of private networks, for receivers of one's own.")
    ] = False
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long one attempt may take.")] = DEFAULT_TIMEOUT_S
    ca_file: Annotated[str, Meta(description="Certificates (PEM) to trust instead of the system's.")] = ""
    cert_file: Annotated[
        str, Meta(description="Our own certificate (PEM), for receivers that require one; together with `key_file`.")
    ] = ""
    key_file: Annotated[str, Meta(description="The certificate's key (PEM), without a password.")] = ""
    proxy_url: Annotated[
        str,
        Meta(
            description="The [proxy](delivery.md#proxies-and-client-certificates) to send through; `direct`: none, "
            "whatever the environment names. By default `HTTPS_PROXY` and `NO_PROXY` decide."
        ),
    ] = ""
    proxy_url_env: Annotated[
        str, Meta(description="The environment variable with the proxy's URL, if it holds a password.")
    ] = ""


def client_of(options: HttpOptions, place: str = "options") -> HttpClient:
    """Return the guarded client of one endpoint; raise `UsageError` for unusable files or proxies."""
    if bool(options.cert_file) != bool(options.key_file):
        raise UsageError(f"{place}: expected cert_file and key_file together; got one of them")
    return HttpClient(
        allow_private=options.allow_private,
        ca_file=options.ca_file or None,
        certificate=(options.cert_file, options.key_file) if options.cert_file else None,
        proxy=_proxy(options, place),
    )


def _proxy(options: HttpOptions, place: str) -> Choose:
    if options.proxy_url and options.proxy_url_env:
        raise UsageError(f"{place}: expected either proxy_url or proxy_url_env; got both")
    if options.proxy_url == DIRECT:
        return no_proxy
    if options.proxy_url_env:
        variable = options.proxy_url_env
        return always(parse_proxy(secret(variable, f"{place}.proxy_url_env"), f"environment variable {variable}"))
    if not options.proxy_url:
        return from_environment()
    proxy = parse_proxy(options.proxy_url, f"{place}.proxy_url")
    if proxy.auth is not None:
        raise UsageError(f"{place}.proxy_url: expected no user or password in it; put such a URL into proxy_url_env")
    return always(proxy)


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
