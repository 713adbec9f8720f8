"""The systems of `[respond.systems]`, checked before anything starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiops.errors import UsageError
from aiops.options import convert
from aiops.respond.config import RespondConfig, SystemConfig
from aiops.respond.local_kinds import EXEC, ExecOptions
from aiops.respond.read_systems import READ_KINDS, WITHOUT_URL
from aiops.respond.step_registry import system_kinds
from aiops.step_kinds.systems import System


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
    kinds = dict(sorted({**READ_KINDS, **system_kinds()}.items()))
    # This host is no system that anybody configures: respond.exec stands for it.
    kinds.pop("exec", None)
    if given.kind not in kinds:
        known = ", ".join(kinds)
        raise UsageError(f"{place}.kind: unknown kind of system {given.kind!r} (use {known})")
    options = convert(given.options, kinds[given.kind], f"{place}.options")
    url = _url(place, given)
    if url.startswith("http://") and not config.allow_private:
        raise UsageError(f"{place}.url: expected https, or respond.allow_private = true; got {url!r}")
    _check_secret(place, given, url, config)
    if given.ca_file is not None and not Path(given.ca_file).is_file():
        raise UsageError(f"{place}.ca_file: expected a file of certificates in PEM; got {given.ca_file!r}")
    return System(name, given.kind, url.rstrip("/"), given.secret, given.ca_file, options)


def _url(place: str, given: SystemConfig) -> str:
    if given.kind in WITHOUT_URL:
        if given.url is not None:
            raise UsageError(f"{place}.url: expected none for the kind {given.kind}; got {given.url!r}")
        return ""
    if given.url is None:
        raise UsageError(f"{place}.url: expected the address of the system; got none")
    return given.url


def _check_secret(place: str, given: SystemConfig, url: str, config: RespondConfig) -> None:
    if given.secret is None:
        return
    secret = config.secrets.get(given.secret)
    if secret is None:
        known = ", ".join(config.secrets) or "none: add [respond.secrets.NAME]"
        raise UsageError(f"{place}.secret: unknown secret {given.secret!r} (use {known})")
    host = (urlsplit(url).hostname or "").lower()
    if host not in secret.hosts:
        raise UsageError(f"{place}.secret: {given.secret!r} is not for the host {host!r}; add it to its `hosts`")
