"""The guarded client for the steps of playbook runs: the `Transport` of `aiops.respond.runs`.

A step names a secret, never its value. The operator sets the value and the hosts that may receive it: a playbook cannot
send a token to a host of its author's choice.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from aiops.errors import UsageError
from aiops.http.aws_signing import AwsKeys, AwsSigner
from aiops.http.client import HttpClient, HttpFailure
from aiops.http.connections import NotSent
from aiops.http.redaction import excerpt, redact
from aiops.http.signing import key_of, signature_headers
from aiops.respond.config import RunSecret
from aiops.respond.sending import Gate
from aiops.step_kinds.exchange import Reply, Request
from aiops.step_kinds.systems import System

__all__ = ["RunSecret", "RunTransport"]

# A step that takes longer is a job, which its system should accept and run asynchronously.
MAX_TIMEOUT_S = 300.0
# The one service of AWS that a kind of step calls, as signatures name it.
AWS_SERVICE = "ssm"
# The kinds of steps read whole answers: a list of the revisions of a deployment has a few hundred kilobytes.
MAX_ANSWER_BYTES = 1024 * 1024
# A token of a service account has about 1 KB.
_MAX_SECRET_BYTES = 16 * 1024


class RunTransport:
    """Sends a step's request once; thread-safe."""

    def __init__(
        self,
        secrets: Mapping[str, RunSecret],
        *,
        systems: Mapping[str, System] | None = None,
        allow_private: bool = False,
        client: HttpClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Load the secrets; raise `UsageError` for one that is not set or malformed.

        `allow_private` permits addresses of private networks, where most remediation systems live. A system with
        certificates of its own has a client of its own.
        """
        self._client = client or HttpClient(allow_private=allow_private)
        self._own = {
            name: HttpClient(allow_private=allow_private, ca_file=system.ca_file)
            for name, system in (systems or {}).items()
            if system.ca_file is not None
        }
        self._clock = clock
        self._secrets = dict(secrets)
        self._values: dict[str, str] = {}
        self._keys: dict[str, bytes] = {}
        for name, secret in secrets.items():
            value = self._values[name] = secret_value(name, secret)
            place = secret.file or f"environment variable {secret.env}"
            if secret.use == "sign":
                self._keys[name] = key_of(value, f"secret {name!r}: {place}")
            if secret.use == "aws":
                AwsKeys.parse(value, f"secret {name!r}: {place}")

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Send a request; see `Transport.send`."""
        body = b"" if request.body is None else msgspec.json.encode(request.body)
        try:
            reply = self._own.get(request.system or "", self._client).send(
                request.method,
                request.url,
                body=body,
                headers=self._headers(request, idempotency_key, body),
                timeout_s=min(max(request.timeout_s, 0.001), MAX_TIMEOUT_S),
                gate=gate,
                answer_bytes=MAX_ANSWER_BYTES,
            )
        except NotSent:
            return Reply(error="not sent", sent=False)
        except UsageError as error:
            return Reply(error=str(error))
        except HttpFailure as failure:
            return Reply(error=redact(str(failure), self._values.values()))
        shown, body = excerpt(reply.body, self._values.values()), b"" if reply.cut else reply.body
        return Reply(reply.status, shown, body=body, cut=reply.cut)

    @property
    def secrets(self) -> list[str]:
        """Return the values of all secrets, for those who hide them in texts."""
        return list(self._values.values())

    def close(self) -> None:
        """Close idle connections."""
        for client in (self._client, *self._own.values()):
            client.close()

    def _headers(self, request: Request, idempotency_key: str, body: bytes) -> dict[str, str]:
        headers = {key.lower(): value for key, value in request.headers.items()}
        if request.body is not None:
            headers.setdefault("content-type", "application/json; charset=utf-8")
        if idempotency_key:
            headers["idempotency-key"] = idempotency_key
        if request.secret is not None:
            headers.update(self._credential(request, headers, idempotency_key, body))
        return headers

    def _credential(
        self, request: Request, headers: Mapping[str, str], idempotency_key: str, body: bytes
    ) -> dict[str, str]:
        secret = self._secrets.get(request.secret or "")
        if secret is None:
            raise UsageError(f"expected the secret {request.secret!r} in the configuration; it is not there")
        host = self._client.host_of(request.url)
        if host not in secret.hosts:
            raise UsageError(f"the secret {request.secret!r} is not for the host {host!r}: it is for {secret.hosts}")
        value = self._values[request.secret or ""]
        if secret.file:
            value = self._values[request.secret or ""] = secret_value(request.secret or "", secret)
        if secret.use == "sign":
            name = idempotency_key or "check"
            return signature_headers([self._keys[request.secret or ""]], name, self._clock(), body)
        if secret.use == "aws":
            signer = AwsSigner(AwsKeys.parse(value, f"secret {request.secret!r}"), secret.region, AWS_SERVICE)
            return signer.headers(request.method, request.url, headers, body, self._clock())
        if secret.use == "header":
            return {secret.header.lower(): value}
        if secret.use == "bearer":
            return {"authorization": f"Bearer {value}"}
        return {"authorization": "Basic " + base64.b64encode(value.encode()).decode()}


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
