"""The systems of `[respond.systems]`, checked before anything starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiops.errors import UsageError
from aiops.options import convert
from aiops.respond.config import RespondConfig, SystemConfig
from aiops.respond.database_kinds import installed
from aiops.respond.local_kinds import EXEC, ExecOptions
from aiops.respond.read_systems import READ_KINDS
from aiops.respond.secret_hosts import allows, place_of
from aiops.respond.step_registry import system_kinds
from aiops.step_kinds.systems import System

_HTTP = ("https", "http")


def read_systems(config: RespondConfig) -> dict[str, System]:
    """Return the systems by name; raise `UsageError` with the place of what is wrong."""
    found = {name: _system(f"respond.systems.{name}", name, one, config) for name, one in config.systems.items()}
    return found | _host(config.exec)


def _host(programs: Sequence[str]) -> dict[str, System]:
    """Return this host as a system, if it may run programs."""
    for program in programs:
        if not os.access(program, os.X_OK) or not Path(program).is_file():
            raise UsageError(f"respond.exec: expected a program that can be executed (got {program!r})")
    return {"exec": System("exec", "exec", EXEC, options=ExecOptions(list(programs)))} if programs else {}


def _system(place: str, name: str, given: SystemConfig, config: RespondConfig) -> System:
    databases = {kind: one.Options for kind, one in installed().kinds.items()}
    kinds = dict(sorted({**READ_KINDS, **databases, **system_kinds()}.items()))
    # This host is no system that anybody configures: respond.exec stands for it.
    kinds.pop("exec", None)
    if given.kind not in kinds:
        known = ", ".join(kinds)
        why = installed().problems.get(given.kind, f"use {known}")
        raise UsageError(f"{place}.kind: unknown kind of system {given.kind!r} ({why})")
    if given.entities and given.kind not in {*READ_KINDS, *databases}:
        raise UsageError(f"{place}.entities: expected none for the kind {given.kind}, which no collector reads")
    options = convert(given.options, kinds[given.kind], f"{place}.options")
    url = _url(place, given)
    if url.startswith("http://") and not config.allow_private:
        raise UsageError(f"{place}.url: expected https, or respond.allow_private = true; got {url!r}")
    _check_secret(place, given, url, config)
    if given.ca_file is not None and not Path(given.ca_file).is_file():
        raise UsageError(f"{place}.ca_file: expected a file of certificates in PEM; got {given.ca_file!r}")
    return System(name, given.kind, url.rstrip("/"), given.secret, given.ca_file, options, tuple(given.entities))


def _url(place: str, given: SystemConfig) -> str:
    database = installed().kinds.get(given.kind)
    schemes = database.schemes if database is not None else _HTTP
    if not schemes:
        for name in ("url", "secret", "ca_file"):
            if (found := getattr(given, name)) is not None:
                raise UsageError(f"{place}.{name}: expected none for the kind {given.kind}; got {found!r}")
        return ""
    if given.url is None:
        raise UsageError(f"{place}.url: expected the address of the system; got none")
    if "@" in urlsplit(given.url).netloc:
        # Not shown: a password may stand in it.
        raise UsageError(f"{place}.url: expected it without user (or role) and password, which belong into `secret`")
    if given.url.partition("://")[0] not in schemes:
        raise UsageError(f"{place}.url: expected {' or '.join(f'{one}://' for one in schemes)}; got {given.url!r}")
    return given.url


def _check_secret(place: str, given: SystemConfig, url: str, config: RespondConfig) -> None:
    if given.secret is None:
        return
    secret = config.secrets.get(given.secret)
    if secret is None:
        known = ", ".join(config.secrets) or "none: add [respond.secrets.NAME]"
        raise UsageError(f"{place}.secret: unknown secret {given.secret!r} (use {known})")
    if given.kind in installed().kinds and secret.use != "basic":
        raise UsageError(f'{place}.secret: expected one of use = "basic" (role:password); {given.secret!r} is not')
    scheme, host, port = place_of(url)
    # Its port stands in the operator's own configuration, as its host does.
    if not allows(secret.hosts, scheme, host, port, any_port=True):
        known = ", ".join(secret.hosts)
        raise UsageError(
            f"{place}.secret: {given.secret!r} is not for the host {host!r} at port {port} (only for {known}); add it "
            "to its `hosts`"
        )
