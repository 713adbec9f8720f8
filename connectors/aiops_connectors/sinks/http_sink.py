"""The bases of sinks over HTTP: a new sink declares its options and builds a body.

`ChatSink` posts to one secret URL (Slack, Teams). `UrlSink` posts to a URL with an optional bearer token (webhook,
Alertmanager). `HttpSink` is for APIs with a key (PagerDuty, JSM). Each makes one attempt a call; `aiops.notify` owns
order, pace and retries.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from aiops.http.client import HttpClient, HttpReply
from aiops.options import convert
from aiops.ports import Answer, Message
from aiops_connectors.sinks.http_post import JSON, Post, trace_headers
from aiops_connectors.sinks.options import HttpOptions, client_of, secret, url_of

OptionsT = TypeVar("OptionsT", bound=HttpOptions)


class HttpSink(ABC, Generic[OptionsT]):
    """Post one body for each change of an incident; several threads may use it.

    A subclass names its `Options`, returns the URL from `address` and the body from `body`.
    """

    Options: type[OptionsT]

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        client: HttpClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raise `UsageError` for options that do not fit; `clock` gives Unix seconds."""
        self.name = name
        self.place = f"endpoints.{name}"
        self.options = convert(options, self.Options, self.place)
        self.client = client or client_of(self.options, self.place)
        self.clock = clock
        self.headers = {"content-type": JSON}
        # Values that no answer, log or error may show.
        self._secrets: list[str] = []
        self.url = self.address()
        self._post = Post(self.client, timeout_s=self.options.timeout_s, secrets=self._secrets, clock=clock)

    @abstractmethod
    def address(self) -> str:
        """Return the checked URL to post to; called once, raises `UsageError`."""

    @abstractmethod
    def body(self, message: Message) -> Any:
        """Return the body: plain values for JSON, or bytes."""

    def extra_headers(self, message: Message, raw: bytes) -> dict[str, str]:
        """Return the headers of one request beside `headers`, which all requests carry."""
        return {}

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        return self.post(self.url, message, self.body(message))

    def shown(self, message: Message) -> str:
        """See `ShowsBody.shown`."""
        body = self.body(message)
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        try:
            text = msgspec.json.format(raw, indent=2).decode()
        except msgspec.DecodeError:
            text = raw.decode(errors="replace")
        for value in self._secrets:
            text = text.replace(value, "[redacted]")
        return text

    def post(self, url: str, message: Message, body: Any) -> Answer:
        """Make one attempt with a body of plain values or bytes."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self._post.send(url, raw, {**self.headers, **self.extra_headers(message, raw)})

    def reply(self, url: str, body: Any) -> HttpReply | Answer:
        """Make one attempt; return the receiver's reply, or the meaning of a request without one."""
        return self._post.reply(url, msgspec.json.encode(body), self.headers)

    def answer(self, reply: HttpReply) -> Answer:
        """Return the meaning of a reply by its status."""
        return self._post.answer(reply)

    def secret(self, variable: str) -> str:
        """Return the secret in an environment variable and keep it out of every text; raise `UsageError`."""
        return self.hide(secret(variable, self.place))

    def hide(self, value: str) -> str:
        """Return the value; answers, logs and errors will not show it."""
        self._secrets.append(value)
        return value

    def close(self) -> None:
        """Close idle connections."""
        self._post.close()


class ChatOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a chat that posts what arrives at one URL."""

    url_env: Annotated[str, Meta(description="The environment variable with the webhook's URL, which is a secret.")]


ChatOptionsT = TypeVar("ChatOptionsT", bound=ChatOptions)


class ChatSink(HttpSink[ChatOptionsT]):
    """Post one message for each change of an incident to the secret URL of a chat."""

    def address(self) -> str:
        """Return the URL in the environment variable `url_env`."""
        url, _ = url_of("", self.options.url_env, self.place)
        self.client.check(url, f"{self.place}: environment variable {self.options.url_env}")
        return self.hide(url)


class UrlOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a receiver at a URL, with an optional bearer token."""

    url: Annotated[str, Meta(description="Where to send; either this or `url_env`.")] = ""
    url_env: Annotated[str, Meta(description="The environment variable with the URL, if it is a secret.")] = ""
    token_env: Annotated[
        str, Meta(description="The environment variable with a bearer token for the header Authorization.")
    ] = ""


UrlOptionsT = TypeVar("UrlOptionsT", bound=UrlOptions)


class UrlSink(HttpSink[UrlOptionsT]):
    """Post one body for each change of an incident to a URL, with a bearer token where one is set."""

    def address(self) -> str:
        """Return the URL of `url` or `url_env`, and set the header of the token."""
        url, is_secret = url_of(self.options.url, self.options.url_env, self.place)
        self.client.check(url, f"{self.place}.url")
        if self.options.token_env:
            self.headers["authorization"] = f"Bearer {self.secret(self.options.token_env)}"
        return self.hide(url) if is_secret else url

    def extra_headers(self, message: Message, raw: bytes) -> dict[str, str]:
        """Return the header of W3C Trace Context: such receivers may trace."""
        return trace_headers(message)
