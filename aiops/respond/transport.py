"""The guarded client for the steps of playbook runs: the `Transport` of `aiops.respond.runs`.

A step names a secret, never its value. The operator sets the value and the hosts that may receive it: a playbook cannot
send a token to a host of its author's choice.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping

import msgspec

from aiops.errors import UsageError
from aiops.http.aws_signing import AwsKeys, AwsSigner
from aiops.http.client import HttpClient, HttpFailure
from aiops.http.connections import NotSent
from aiops.http.redaction import excerpt, redact
from aiops.http.signing import key_of, signature_headers
from aiops.respond.config import RunSecret
from aiops.respond.secrets import Secrets
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
        """Read the secrets as they are now; a request whose secret is missing then is not sent.

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
        self._secrets = Secrets(secrets, systems)

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Send a request; see `Transport.send`."""
        body = b"" if request.body is None else msgspec.json.encode(request.body)
        try:
            headers = self._headers(request, idempotency_key, body)
        except UsageError as error:
            return Reply(error=str(error), sent=False)
        try:
            reply = self._own.get(request.system or "", self._client).send(
                request.method,
                request.url,
                body=body,
                headers=headers,
                timeout_s=min(max(request.timeout_s, 0.001), MAX_TIMEOUT_S),
                gate=gate,
                answer_bytes=MAX_ANSWER_BYTES,
            )
        except NotSent:
            return Reply(error="not sent", sent=False)
        except HttpFailure as failure:
            return Reply(error=redact(str(failure), self._secrets.values))
        shown, body = excerpt(reply.body, self._secrets.values), b"" if reply.cut else reply.body
        return Reply(reply.status, shown, body=body, cut=reply.cut)

    @property
    def secrets(self) -> list[str]:
        """Return the values of all secrets, for those who hide them in texts."""
        return self._secrets.values

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
        name = request.secret or ""
        if (why := self._secrets.misdirected(request)) is not None:
            raise UsageError(why)
        secret, value = self._secrets.of(name), self._secrets.value(name)
        if secret.use == "sign":
            key = key_of(value, f"secret {name!r}")
            return signature_headers([key], idempotency_key or "check", self._clock(), body)
        if secret.use == "aws":
            signer = AwsSigner(AwsKeys.parse(value, f"secret {name!r}"), secret.region, AWS_SERVICE)
            return signer.headers(request.method, request.url, headers, body, self._clock())
        if secret.use == "header":
            return {secret.header.lower(): value}
        if secret.use == "bearer":
            return {"authorization": f"Bearer {value}"}
        return {"authorization": "Basic " + base64.b64encode(value.encode()).decode()}
