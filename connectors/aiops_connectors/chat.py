"""Chats and push services through apprise, such as Discord, Telegram and ntfy.

An endpoint is one apprise URL (https://appriseit.com/services/), which holds its secrets, in an environment variable.
Apprise opens its own connections: no guard checks their addresses, and a proxy of the environment is used. It reports a
status in its log alone, from which this sink reads whether another attempt can help. It needs the extra `chat`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.redaction import redact
from aiops.options import convert
from aiops.ports import Answer, Message
from aiops_connectors.sinks.options import secret
from aiops_connectors.texts.headline import OVER
from aiops_connectors.texts.links import links
from aiops_connectors.texts.markup import markdown, without_mentions, without_pictures
from aiops_connectors.texts.paragraphs import paragraphs
from aiops_connectors.texts.rows import playbooks
from aiops_connectors.texts.sentences import alert_text
from aiops_connectors.texts.truncation import cut

# Chats take about one message a second from one sender.
MAX_RATE_PER_S = 1.0
MAX_TITLE, MAX_BODY = 250, 3_500
# Services that read Markdown in what they get, with the backslash as its escape.
_MARKDOWN = frozenset({"discord", "mmost", "mmosts", "rocket", "rockets", "wxteams", "zulip", "revolt", "guilded"})
_TYPES = {"critical": "failure", "high": "failure", "info": "info", "ok": "success"}
_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")
_AGAIN = frozenset({408, 425, 429})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,40}(?=://)", re.IGNORECASE)
_MAX_REASON = 300


class ChatSinkOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the chat sink."""

    url_env: Annotated[
        str,
        Meta(
            min_length=1,
            description="The environment variable with one [apprise URL](https://appriseit.com/services/), such as "
            "`discord://…` or `tgram://…`.",
        ),
    ]
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long one attempt may take.")] = 20.0


class ChatServiceSink:
    """Send a message for each change of an incident to a chat or push service that apprise knows."""

    Options = ChatSinkOptions
    example = "aiops_connectors.examples:chat_sink"
    max_rate_per_s = MAX_RATE_PER_S

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for options that do not fit, or for a URL that apprise cannot use."""
        self.name = name
        place = f"endpoints.{name}"
        self.options = convert(options, ChatSinkOptions, place)
        url = secret(self.options.url_env, f"{place}.url_env")
        self._secrets = _secrets_of(url)
        self._service = _open(url, f"{place}: environment variable {self.options.url_env}")
        scheme = _SCHEME.match(url)
        self._is_markdown = scheme is not None and scheme.group().lower() in _MARKDOWN

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        title, *others = [self._plain(one) for one in paragraphs(message)]
        result: Any = self._service.notify(
            title=cut(title, MAX_TITLE),
            body=cut("\n".join([*others, *self._details(message)]), MAX_BODY),
            notify_type=_type(message),
            body_format="text",
            interpret_escapes=False,
            timeout=self.options.timeout_s,
        )
        if result:
            return Answer(ok=True)
        return _failure("; ".join(str(one.message) for one in result.logs()), self._secrets)

    def _details(self, message: Message) -> list[str]:
        incident = message.incident
        texts = [] if message.change in OVER else [alert_text(incident), playbooks(incident)]
        labels = ("", "Playbook: ")
        found = [f"{label}{self._plain(text)}" for label, text in zip(labels, texts, strict=False) if text]
        return found + [f"{link.label}: {link.url}" for link in links(message)]

    def _plain(self, text: str) -> str:
        escaped = markdown(text) if self._is_markdown else text
        return without_pictures(without_mentions(escaped))


def _type(message: Message) -> str:
    return "success" if message.change in OVER else _TYPES.get(message.incident.severity or "", "warning")


def _open(url: str, place: str) -> Any:
    """Return apprise with one service, which cuts what is too long for it and stores nothing."""
    try:
        # Only where the extra is used: its options are known without it.
        import apprise
    except ImportError:
        raise UsageError(f"{place}: the type chat needs apprise: install aiops-engine[chat]") from None
    asset = apprise.AppriseAsset(app_id="aiops", async_mode=False, interpret_escapes=False, interpret_emojis=False)
    found = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if found is None:
        raise UsageError(f"{place}: expected one apprise URL such as discord://…; apprise cannot use it")
    if "overflow=" not in url:
        found.overflow_mode = apprise.OverflowMode.TRUNCATE
    service = apprise.Apprise(asset=asset)
    service.add(found)
    return service


def _failure(log: str, secrets: list[str]) -> Answer:
    """Return the meaning of apprise's log of an attempt; without a status it is tried again."""
    statuses = [int(one) for one in _STATUS.findall(log)]
    status = statuses[-1] if statuses else None
    is_final = status is not None and 400 <= status < 500 and status not in _AGAIN
    reason = redact(log, secrets)[:_MAX_REASON] or "apprise could not deliver it"
    return Answer(ok=False, retry=not is_final, status=status, reason=reason, disable=status == 410)


def _secrets_of(url: str) -> list[str]:
    """Return the URL and all its parts, as written and as decoded: any of them may be a token."""
    parts = [url, *re.split(r"[/?&=:@#]+", url.partition("://")[2]), urlsplit(url).netloc]
    return list(dict.fromkeys(one for part in parts for one in (part, unquote(part)) if len(one) >= 6))
