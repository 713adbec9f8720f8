"""Integrations of Alertmanager's receivers as options of endpoints, with their secrets elsewhere.

Texts and layouts are the product's own: templates are not translated. What a sink cannot do is noted.

Source: https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from aiops.migration.translation import Translation

# Templates of the texts and the layout, and keys that are read elsewhere or are the default of a sink.
# fmt: off
TEXTS = frozenset((
    "actions", "body", "callback_id", "class", "client", "client_url", "color", "component", "description", "details",
    "entity", "event_type", "fallback", "fields", "footer", "group", "headers", "html", "icon_emoji", "icon_url",
    "image_url", "images", "link_names", "links", "message", "message_html", "mrkdwn_in", "note", "parse_mode",
    "pretext", "priority", "severity", "short_fields", "source", "subject", "summary", "tags", "template", "text",
    "thumb_url", "title", "title_link", "update_alerts", "username",
))
# fmt: on
# Endings of names that are no public ones.
PRIVATE_ENDINGS = (".local", ".internal", ".svc", ".lan", ".localhost")
TLS_FILES = frozenset(("ca_file", "cert_file", "key_file"))
# Where a bot posts; its token is in the header, not in the address.
SLACK_POST = "https://slack.com/api/"
# What Alertmanager shows of a secret in its status.
MASKED = "<secret>"
PAGERDUTY_URL = "https://events.pagerduty.com"
OPSGENIE_URL = "https://api.opsgenie.com"
Options = dict[str, Any]
Translate = Callable[["Integration"], Options | None]


class Integration:
    """One integration of a receiver, read key by key: what is not read is noted."""

    def __init__(
        self, made: Translation, place: str, name: str, given: Mapping[str, Any], top: Mapping[str, Any]
    ) -> None:
        self.made = made
        self.place = place
        self.name = name
        self.given = given
        self.top = top
        self._read = {"send_resolved"}

    def take(self, key: str, top: str = "") -> Any:
        """Return the value of a key, else the one of the section `global`; None without either."""
        self._read.add(key)
        value = self.given.get(key)
        return value if value is not None else self.top.get(top) if top else None

    def secret(self, key: str, kind: str, top: str = "") -> str:
        """Return the environment variable of a secret; a file's secret is a note, as its value is not read."""
        variable = f"{self.name}_{kind}"
        value = self.take(key, top)
        path = self.take(f"{key}_file", f"{top}_file" if top else "")
        if value is not None and value != MASKED:
            return self.made.secret(variable, str(value))
        name = self.made.secret(variable, "")
        where = f"the content of {path}" if path is not None else "it; the file has none"
        self.made.note(f"{self.place}.{key}", f"set the environment variable {name} to {where}")
        return name

    def note(self, key: str, text: str) -> None:
        """Note why a key has no equal."""
        self.made.note(f"{self.place}.{key}", text)

    def finish(self) -> None:
        """Note all keys that nobody read."""
        for key, value in self.given.items():
            if key in self._read or value in (None, "", [], {}):
                continue
            if key in TEXTS:
                self.note(key, "texts and layouts are the product's own; not translated")
            else:
                self.note(key, "has no equal; not translated")


def _webhook(one: Integration) -> Options | None:
    options: Options = {}
    url = one.take("url")
    if url is not None and not any(mark in str(url) for mark in ("@", "?", "token", "key")):
        options["url"] = str(url)
    else:
        # Such an address may hold a password or a token.
        options["url_env"] = one.secret("url", "url")
    options |= _http(one, bearer=True)
    if url is not None and is_private(str(url)):
        options["allow_private"] = True
        one.note("url", "sends into a private network, as Alertmanager did: allow_private is set")
    if one.take("max_alerts"):
        one.note("max_alerts", "an incident names its first alerts; not translated")
    return options


def _slack(one: Integration) -> Options | None:
    channel = one.take("channel")
    by_app = one.given.get("app_token") or one.given.get("app_token_file")
    by_app = by_app or (
        not one.given.get("api_url") and (one.top.get("slack_app_token") or one.top.get("slack_app_token_file"))
    )
    if by_app or str(one.take("api_url", "slack_api_url")).startswith(SLACK_POST):
        return {**_slack_bot(one), "channel": str(channel or "")}
    options = {"url_env": one.secret("api_url", "url", "slack_api_url"), **_http(one)}
    if channel:
        one.note("channel", f"a webhook posts to its own channel; make one for {str(channel)[:80]!r}")
    return options


def _slack_bot(one: Integration) -> Options:
    """Return the options of a bot: its token is a key of its own, or stands in the header."""
    one.take("api_url")
    options = _http(one, bearer=True)
    if "token_env" not in options:
        options["token_env"] = one.secret("app_token", "token", "slack_app_token")
    url = str(one.take("app_url", "slack_app_url") or SLACK_POST).removesuffix("/chat.postMessage").rstrip("/")
    return {**options, "api_url": url} if url != SLACK_POST.rstrip("/") else options


def _pagerduty(one: Integration) -> Options | None:
    key = "routing_key" if one.given.get("routing_key") or one.given.get("routing_key_file") else "service_key"
    options = {"routing_key_env": one.secret(key, "key"), **_http(one)}
    if key == "service_key":
        one.note("service_key", "events are sent to the Events API v2: use the integration's key for that")
    url = str(one.take("url", "pagerduty_url") or PAGERDUTY_URL).removesuffix("/v2/enqueue").rstrip("/")
    if url != PAGERDUTY_URL:
        options["base_url"] = url
    return options


def _opsgenie(one: Integration) -> Options | None:
    url = str(one.take("api_url", "opsgenie_api_url") or OPSGENIE_URL).rstrip("/")
    options = {"api_key_env": one.secret("api_key", "key", "opsgenie_api_key"), "base_url": url, **_http(one)}
    if one.take("responders"):
        one.note("responders", "set `responders` of the endpoint; the words differ by product")
    return options


def _jsm(one: Integration) -> Options | None:
    options = {"api_key_env": one.secret("api_key", "key", "jsm_api_key"), **_http(one)}
    url = one.take("api_url", "jsm_api_url")
    if url:
        options["base_url"] = str(url).rstrip("/")
    if one.take("responders"):
        one.note("responders", "set `responders` of the endpoint; the words differ by product")
    return options


def _teams(one: Integration) -> Options | None:
    return {"url_env": one.secret("webhook_url", "url"), **_http(one)}


def _discord(one: Integration) -> Options | None:
    # Apprise, which the chat sink uses, takes the webhook's address as it is.
    return {"url_env": one.secret("webhook_url", "url")}


def _telegram(one: Integration) -> Options | None:
    chat, token = one.take("chat_id"), one.take("bot_token", "telegram_bot_token")
    return {"url_env": _chat_url(one, "bot_token", f"tgram://{token}/{chat}/" if token else None)}


def _pushover(one: Integration) -> Options | None:
    user, token = one.take("user_key"), one.take("token")
    return {"url_env": _chat_url(one, "token", f"pover://{user}@{token}" if token and user else None)}


def _mattermost(one: Integration) -> Options | None:
    parts = urlsplit(str(one.take("webhook_url", "mattermost_webhook_url") or ""))
    path, _, token = parts.path.rpartition("/hooks/")
    scheme = "mmosts" if parts.scheme == "https" else "mmost"
    found = f"{scheme}://{parts.netloc}{path}/{token}" if token else None
    channel = one.take("channel")
    if found and channel:
        found += f"?channels={quote(str(channel), safe='')}"
    return {"url_env": _chat_url(one, "webhook_url", found)}


def _chat_url(one: Integration, key: str, url: str | None) -> str:
    """Return the environment variable of an address for apprise; without one, note what is missing."""
    one.take(f"{key}_file")
    if url is not None and MASKED not in url:
        return one.made.secret(f"{one.name}_url", url)
    name = one.made.secret(f"{one.name}_url", "")
    one.note(key, f"set the environment variable {name} to the service's address for apprise; the file has no secret")
    return name


def _email(one: Integration) -> Options | None:
    host, _, port = str(one.take("smarthost", "smtp_smarthost") or "localhost:25").rpartition(":")
    recipients = [text.strip() for text in str(one.take("to") or "").split(",") if text.strip()]
    options: Options = {
        "host": host,
        "port": _port(port),
        "sender": str(one.take("from", "smtp_from") or ""),
        "to": recipients,
    }
    options["tls"] = (
        "tls" if port == "465" else "starttls" if one.take("require_tls", "smtp_require_tls") is not False else "none"
    )
    user = one.take("auth_username", "smtp_auth_username")
    if user:
        options["user"] = str(user)
        options["password_env"] = one.secret("auth_password", "password", "smtp_auth_password")
    if is_private(f"smtp://{host}"):
        options["allow_private"] = True
    for key in ("auth_secret", "auth_identity", "hello", "tls_config"):
        if one.take(key, f"smtp_{key}") not in (None, "", {}):
            one.note(key, "has no equal; not translated")
    return options


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


# Keys of receivers: the type of the endpoint, and how its options are made.
INTEGRATIONS: dict[str, tuple[str, Translate]] = {
    "webhook_configs": ("alertmanager", _webhook),
    "slack_configs": ("slack", _slack),
    "pagerduty_configs": ("pagerduty", _pagerduty),
    "opsgenie_configs": ("jsm", _opsgenie),
    "msteams_configs": ("teams", _teams),
    "msteamsv2_configs": ("teams", _teams),
    "email_configs": ("email", _email),
    "jsm_configs": ("jsm", _jsm),
    "discord_configs": ("chat", _discord),
    "telegram_configs": ("chat", _telegram),
    "pushover_configs": ("chat", _pushover),
    "mattermost_configs": ("chat", _mattermost),
}


def _http(one: Integration, *, bearer: bool = False) -> Options:
    """Return the options of `http_config`, else of the global one."""
    given = one.take("http_config", "http_config")
    if not isinstance(given, Mapping):
        return {}
    options: Options = {}
    place = f"{one.place}.http_config" if "http_config" in one.given else "$.global.http_config"
    for key, value in given.items():
        credentials = _credentials(key, value) if bearer else None
        if credentials is not None:
            options["token_env"] = one.made.secret(f"{one.name}_token", credentials)
        elif key == "proxy_url" and "@" not in str(value):
            options["proxy_url"] = str(value)
        elif key == "tls_config" and isinstance(value, Mapping) and not set(value) - TLS_FILES:
            options |= {name: str(path) for name, path in value.items()}
        elif (key, value) not in (("follow_redirects", True), ("enable_http2", True)):
            one.made.note(f"{place}.{key}", "has no equal here; not translated")
    return options


def is_private(url: str) -> bool:
    """Return true if the host of an address is private by its form.

    >>> is_private("http://bridge:9000/x"), is_private("http://10.0.0.1/"), is_private("https://hooks.example.org/x")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDINGS)


def _credentials(key: str, value: Any) -> str | None:
    if key == "bearer_token":
        return str(value)
    is_bearer = key == "authorization" and isinstance(value, Mapping) and value.get("type", "Bearer") == "Bearer"
    return str(value["credentials"]) if is_bearer and "credentials" in value else None
