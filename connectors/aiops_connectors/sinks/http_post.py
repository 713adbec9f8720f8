"""One attempt over HTTP, for all sinks that post JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from aiops.http.answers import answer_of, answer_of_failure
from aiops.http.client import HttpClient, HttpFailure, HttpReply
from aiops.ports import Answer, Message

JSON = "application/json; charset=utf-8"


class Post:
    """The client of one endpoint, and the secrets that no text may show; several threads may use it."""

    def __init__(
        self,
        client: HttpClient,
        *,
        timeout_s: float,
        secrets: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._secrets = [secret for secret in secrets if secret]
        self._clock = clock

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body as it is."""
        found = self.reply(url, body, headers)
        return found if isinstance(found, Answer) else self.answer(found)

    def reply(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpReply | Answer:
        """Post a body as it is; return the receiver's reply, or the meaning of a request without one."""
        try:
            return self._client.send("POST", url, body=body, headers=headers, timeout_s=self._timeout_s)
        except HttpFailure as failure:
            return answer_of_failure(failure, self._secrets)

    def answer(self, reply: HttpReply) -> Answer:
        """Return the meaning of a reply by its status."""
        return answer_of(reply, self._secrets, self._clock())

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()


def trace_headers(message: Message) -> dict[str, str]:
    """The header of W3C Trace Context, for receivers that may trace what they do with it."""
    return {"traceparent": message.traceparent} if message.traceparent else {}
