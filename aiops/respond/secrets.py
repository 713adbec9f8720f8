"""The secrets of steps: where each may be sent, and whether it is there to be sent.

A step names a secret, never its value. The operator sets the value and the hosts that may receive it: a playbook cannot
send it elsewhere. What would keep a request from its secret is known before a run begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aiops.errors import UsageError
from aiops.http.aws_signing import AwsKeys
from aiops.http.signing import key_of
from aiops.respond.calls import Call, executable
from aiops.respond.config import RunSecret
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Refused
from aiops.respond.secret_hosts import DEFAULT_PORTS, allows, place_of
from aiops.respond.step_registry import system_of
from aiops.step_kinds.exchange import Request
from aiops.step_kinds.systems import System

# A token of a service account has about 1 KB.
_MAX_SECRET_BYTES = 16 * 1024


class Secrets:
    """The secrets of a configuration, by name; safe for many threads.

    Environment and files are read at each use: a token of a service account is replaced every hour. `systems` are those
    of the configuration. Without `is_here` the values are those of another host, and only the configuration counts.
    """

    def __init__(
        self, secrets: Mapping[str, RunSecret], systems: Mapping[str, System] | None = None, *, is_here: bool = True
    ) -> None:
        self._secrets, self._systems, self._is_here = dict(secrets), dict(systems or {}), is_here
        # What is hidden in answers: also the values that were replaced since.
        self._values: dict[str, str] = {}
        self.problems()

    @property
    def values(self) -> list[str]:
        """Return the values that were read last."""
        return list(self._values.values())

    def of(self, name: str) -> RunSecret:
        """Return a secret's settings; raise `UsageError` for one that is not configured."""
        found = self._secrets.get(name)
        if found is None:
            raise UsageError(f"secret {name!r} is not configured: add [respond.secrets.{name}]")
        return found

    def value(self, name: str) -> str:
        """Return a secret; raise `UsageError` for one that is not there, or malformed."""
        secret = self.of(name)
        value = self._values[name] = secret_value(name, secret)
        place = f"secret {name!r}: {secret.file or f'environment variable {secret.env}'}"
        if secret.use == "sign":
            key_of(value, place)
        if secret.use == "aws":
            AwsKeys.parse(value, place)
        return value

    def problem(self, name: str) -> str | None:
        """Return why a secret cannot be sent anywhere now; None if it can."""
        if not self._is_here and name in self._secrets:
            return None
        try:
            self.value(name)
        except UsageError as error:
            return str(error)
        return None

    def problems(self) -> list[str]:
        """Return why secrets of the configuration cannot be sent now."""
        return [why for name in self._secrets if (why := self.problem(name)) is not None]

    def misdirected(self, request: Request) -> str | None:
        """Return why the secret of a request must not go where it is sent; None if it may, or if it has none.

        A host without a port stands for the default port of the scheme. The operator wrote the address of a system as
        well: its own secret goes to the port that stands there.
        """
        if request.secret is None:
            return None
        try:
            secret, (scheme, host, port) = self.of(request.secret), place_of(request.url)
        except UsageError as error:
            return str(error)
        own = self._systems.get(request.system or "")
        is_own = own is not None and own.secret == request.secret and place_of(own.url) == (scheme, host, port)
        if allows(secret.hosts, scheme, host, port, any_port=is_own):
            return None
        place = host if port == DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
        return f"secret {request.secret!r} is not for {place}: add it to `hosts` of [respond.secrets.{request.secret}]"

    def refusal(self, requests: Sequence[Request]) -> Refused | None:
        """Return why a run with these requests would end without a secret; None if all of them are there."""
        for request in requests:
            if (why := self.misdirected(request)) is not None:
                return Refused("secret_misdirected", why)
        for name in dict.fromkeys(one.secret for one in requests if one.secret is not None):
            if (why := self.problem(name)) is not None:
                return Refused("secret_missing", why)
        return None

    def lacking(self, playbook: Playbook) -> list[str]:
        """Return why steps of a playbook could not be sent with their secrets, whatever their parameters are."""
        found: dict[str, None] = {}
        for steps in (playbook.preconditions, playbook.steps, playbook.verify, playbook.rollback):
            for step in executable(steps):
                wanted = system_of(step)
                system = self._systems.get(wanted[0]) if wanted is not None else None
                url = system.url if system is not None else getattr(step, "url", "")
                name = system.secret if system is not None else getattr(step, "secret", None)
                if name and url and (why := self.refusal([Request("GET", url, secret=name, system=_named(system))])):
                    found[f"playbook {playbook.name}, step {step.name!r}: {why.reason}"] = None
        return list(found)


def requests_of(calls: Sequence[Call]) -> list[Request]:
    """Return all that may be sent for the steps of a run."""
    return [request for call in calls for request in _parts(call)]


def _parts(call: Call) -> Iterator[Request]:
    yield call
    yield from call.reads
    for one in (call.dry_run, call.undo, call.poll.request if call.poll is not None else None):
        if one is not None:
            yield one


def _named(system: System | None) -> str | None:
    return system.name if system is not None else None


def secret_value(name: str, secret: RunSecret) -> str:
    """Return the value of a secret; raise `UsageError` for one that is not there, or no text of one line."""
    if not secret.file:
        value = os.environ.get(secret.env, "").strip()
        if not value:
            raise UsageError(f"secret {name!r}: expected it in the environment variable {secret.env}; not set")
        return value
    try:
        with Path(secret.file).open("rb") as file:
            raw = file.read(_MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise UsageError(f"secret {name!r}: expected it in {secret.file}: {error.strerror or error}") from error
    value = raw.decode("ascii", "replace").strip()
    if not value or not value.isascii() or not value.isprintable() or len(raw) > _MAX_SECRET_BYTES:
        raise UsageError(f"secret {name!r}: expected one line of text in {secret.file}; got {len(raw)} bytes")
    return value
