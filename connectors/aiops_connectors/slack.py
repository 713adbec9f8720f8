"""Slack, by a bot token or by an incoming webhook.

With a token (https://docs.slack.dev/reference/methods/chat.postMessage) an incident is one thread: its first message is
edited as the incident changes (`chat.update`), each change is a reply, and buttons acknowledge it. What brings people
back (a reopening, a reminder, a rise of the severity) is also shown in the channel. An attempt makes two requests then,
the edit first: a repeated attempt edits again and replies once. A reply whose answer was lost may be there twice.

An incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks) can only add messages:
each change is one of its own, with links in place of buttons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from aiops.errors import UsageError
from aiops.ports import Answer, Message, Reply
from aiops_connectors.callbacks.slack import slack
from aiops_connectors.sinks.http_sink import HttpSink
from aiops_connectors.sinks.options import HttpOptions, base_url, url_of
from aiops_connectors.sinks.slack_api import LOST, SlackReply, failure, place, read_reply
from aiops_connectors.sinks.slack_blocks import Clicks, post, reply, root

# One message a second and channel; Slack may disable a webhook that stays above it.
MAX_RATE_PER_S = 1.0
_BACK = ("reopened", "reminder")


class SlackOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Slack sink: either a bot token with a channel, or a webhook."""

    url_env: Annotated[
        str, Meta(description="The environment variable with the incoming webhook's URL, which is a secret.")
    ] = ""
    token_env: Annotated[
        str,
        Meta(
            description="The environment variable with a bot token (`xoxb-`, scope `chat:write`): one thread an "
            "incident, with buttons."
        ),
    ] = ""
    channel: Annotated[str, Meta(max_length=200, description="With a token: the channel's id or name.")] = ""
    callback_secret_env: Annotated[
        str,
        Meta(
            description="With a token: the environment variable with the signing secret of the Slack app. Buttons then "
            "[acknowledge and resolve](delivery.md#back-from-the-pager)."
        ),
    ] = ""
    api_url: Annotated[str, Meta(description="The Web API; `https://slack-gov.com/api` for GovSlack.")] = (
        "https://slack.com/api"
    )


class SlackSink(HttpSink[SlackOptions]):
    """Post each incident to a Slack channel: as a thread with buttons, or as messages of a webhook."""

    Options = SlackOptions
    keeps_reference = True
    max_rate_per_s = MAX_RATE_PER_S

    def address(self) -> str:
        """Return the webhook's URL or that of the API, and set the header of the token."""
        options = self.options
        secret_env = options.callback_secret_env
        self._callback = slack(secret_env, self.place) if secret_env else None
        if bool(options.url_env) == bool(options.token_env):
            raise UsageError(f"{self.place}: expected either url_env (an incoming webhook) or token_env with channel")
        if options.url_env:
            if options.channel or secret_env:
                name = "channel" if options.channel else "callback_secret_env"
                raise UsageError(f"{self.place}.{name}: expected a bot token (token_env), not a webhook (url_env)")
            url, _ = url_of("", options.url_env, self.place)
            self.client.check(url, f"{self.place}: environment variable {options.url_env}")
            return self.hide(url)
        if not options.channel:
            raise UsageError(f"{self.place}.channel: expected the channel's id or name beside token_env; got none")
        self.headers["authorization"] = f"Bearer {self.secret(options.token_env)}"
        return base_url(options.api_url, self.client, self.place)

    def read_back(self, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """See `CallsBack.read_back`."""
        return self._callback.read(headers, body, now) if self._callback is not None else None

    def body(self, message: Message) -> dict[str, Any]:
        """Return the message of Block Kit for a webhook."""
        return post(message)

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        if self.options.url_env:
            return self.post(self.url, message, self.body(message))
        return self._thread(message) if message.reference else self._begin(message)

    @property
    def _clicks(self) -> Clicks:
        return "actions" if self._callback is not None else "links"

    def _begin(self, message: Message) -> Answer:
        """Post the first message; its place is the reference of the thread."""
        return self._call("chat.postMessage", {"channel": self.options.channel, **post(message, self._clicks)})

    def _thread(self, message: Message) -> Answer:
        """Edit the first message and reply to it; begin anew if it was deleted."""
        channel, ts = place(message.reference)
        edited, problem = self._request("chat.update", {"channel": channel, "ts": ts, **root(message, self._clicks)})
        if problem is not None:
            return problem
        if edited.error in LOST:
            return self._begin(message)
        if edited.error:
            return failure(edited.error, "chat.update")
        if message.change == "opened":
            # An attempt whose answer was lost: the thread has begun.
            return Answer(ok=True, status=200, reference=message.reference)
        replied = {"channel": channel, "thread_ts": ts, **reply(message)}
        if message.change in _BACK or any(one.startswith("severity: now ") for one in message.news):
            replied["reply_broadcast"] = True
        answer = self._call("chat.postMessage", replied)
        # The thread stays where it began.
        answer.reference = message.reference
        return answer

    def _call(self, method: str, body: dict[str, Any]) -> Answer:
        found, problem = self._request(method, body)
        if problem is not None:
            return problem
        if found.error:
            return failure(found.error, method)
        return Answer(ok=True, status=200, reference=found.reference)

    def _request(self, method: str, body: dict[str, Any]) -> tuple[SlackReply, Answer | None]:
        """Return the answer of Slack, or the meaning of a request without an answer of the API."""
        answered = self.reply(f"{self.url}/{method}", body)
        if isinstance(answered, Answer):
            return SlackReply(), answered
        if answered.status != 200:
            return SlackReply(), self.answer(answered)
        return read_reply(answered), None
