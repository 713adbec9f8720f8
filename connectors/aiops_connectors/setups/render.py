"""A setup for one daemon: its address, the way to authenticate that it takes, and its own settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from aiops.errors import UsageError
from aiops_connectors.setups.setup import Auth, Setup

TOKEN = "TOKEN"  # noqa: S105 - stands for a token; the daemon knows only its hash
# No vendor's own placeholder looks like that.
PLACES = ("URL", "BASIC_URL", "TOKEN", "SCHEME", "HOST", "HOSTNAME", "PORT", "PREFIX", "PATH", "TLS")
_PLACE = re.compile(f"@({'|'.join(PLACES)})@")
_BY_TOKEN = ("bearer", "basic", "url", "header")


class Rendered(Struct, frozen=True):
    """The entries for one tool. `settings` belong into `aiops.toml`; empty: nothing to add."""

    connector: str
    title: str
    page: str
    sends: str
    url: str
    auth: str
    steps: list[str]
    templates: dict[str, str]
    settings: str
    note: str


def render(
    setup: Setup, connector: str, base: str, *, own: Mapping[str, Any], has_tokens: bool, by: str | None = None
) -> Rendered:
    """Return the entries for `connector` of the daemon at `base`.

    `own` are the connector's settings in the configuration, `by` names one way to authenticate. Raise `UsageError`
    for a way that the tool or the connector does not know.
    """
    auth = _chosen(setup, connector, own, by)
    is_open = not has_tokens and auth.by in _BY_TOKEN and by is None
    url = f"{base.rstrip('/')}/ingest/{connector}"
    full = f"{url}/{TOKEN}" if auth.by == "url" and not is_open else url
    places = _places(base, full, url)

    def filled(text: str) -> str:
        return _PLACE.sub(lambda found: places[found[1]], text)

    entered = "none: this daemon has no tokens, and accepts senders on this machine only" if is_open else auth.enter
    return Rendered(
        connector,
        setup.title,
        setup.page,
        setup.sends,
        full,
        "none" if is_open else auth.by,
        [*map(filled, setup.steps), f"Authentication: {filled(entered)}"],
        {template.name: filled(template.text) for template in setup.templates},
        _settings(connector, auth, own),
        filled(setup.note),
    )


def _chosen(setup: Setup, connector: str, own: Mapping[str, Any], by: str | None) -> Auth:
    takes = _taken(own)
    able = [auth for auth in setup.auth if by in (None, auth.by)]
    if not able:
        ways = ", ".join(dict.fromkeys(auth.by for auth in setup.auth))
        raise UsageError(f"connectors setup: {setup.title} cannot authenticate by {by} (use {ways})")
    found = next((auth for auth in able if takes is None or auth.by in takes), None)
    if found is None:
        raise UsageError(
            f"http.options.connectors.{connector}: takes {' or '.join(takes or ())}, and {setup.title} can "
            f"{' or '.join(auth.by for auth in able)}; change the connector's settings"
        )
    return found


def _taken(own: Mapping[str, Any]) -> Sequence[str] | None:
    """Return the ways that a connector's settings leave; None: all by token, and what is still to be set."""
    if own.get("signature"):
        return ("signature",)
    if own.get("client_certificate"):
        return ("certificate",)
    places = own.get("token_in")
    header = ["header"] if own.get("token_header") else []
    if places is None:
        return None if not header else [*header, "bearer", "basic", "url"]
    return [*header, *places]


def _places(base: str, full: str, url: str) -> dict[str, str]:
    """Return what stands for each place of a text; `full` is the address with a token, if that is the way."""
    parts = urlsplit(base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    scheme, mark, rest = url.partition("://")
    return {
        "URL": full,
        "BASIC_URL": f"{scheme}{mark}aiops:{TOKEN}@{rest}",
        "TOKEN": TOKEN,
        "SCHEME": scheme,
        "HOST": parts.netloc,
        "HOSTNAME": parts.hostname or "",
        "PORT": str(port),
        "PREFIX": parts.path.rstrip("/") or "/",
        "PATH": urlsplit(full).path.lstrip("/"),
        "TLS": "on" if scheme == "https" else "off",
    }


def _settings(connector: str, auth: Auth, own: Mapping[str, Any]) -> str:
    """Return what must be added to the configuration for a way to authenticate."""
    section = f"[http.options.connectors.{connector}]"
    if auth.by == "header" and own.get("token_header", "").lower() != auth.header.lower():
        return f"{section}\ntoken_header = {json.dumps(auth.header)}\n"
    if auth.by == "signature" and not own.get("signature"):
        env = f"AIOPS_{connector.upper()}_SECRET"
        return f'{section}\nsignature = {{ scheme = "{auth.scheme}", secret_env = "{env}" }}\n'
    if auth.by == "certificate" and not own.get("client_certificate"):
        return (
            f'{section}\nclient_certificate = {{ verify_header = "X-SSL-Client-Verify", '
            'subject_header = "X-SSL-Client-S-DN", subjects = ["SUBJECT"] }\n'
        )
    return ""
