"""The configuration file of Alertmanager, translated to `aiops.toml`.

Source: https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from aiops.errors import UsageError
from aiops.migration.alertmanager_durations import duration_s
from aiops.migration.alertmanager_receivers import endpoints_of
from aiops.migration.alertmanager_routes import inhibit_rules_of, intervals_of, route_of
from aiops.migration.translation import Translation

# Keys of the file that are translated; and of `global` that integrations read.
KEYS = frozenset(
    ("global", "route", "receivers", "inhibit_rules", "mute_time_intervals", "time_intervals", "templates")
)
# fmt: off
GLOBAL = frozenset((
    "http_config", "jsm_api_key", "jsm_api_key_file", "jsm_api_url", "mattermost_webhook_url",
    "mattermost_webhook_url_file", "opsgenie_api_key", "opsgenie_api_key_file", "opsgenie_api_url", "pagerduty_url",
    "resolve_timeout", "slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file",
    "slack_app_url", "smtp_auth_identity", "smtp_auth_password", "smtp_auth_password_file", "smtp_auth_secret",
    "smtp_auth_username", "smtp_from", "smtp_hello", "smtp_require_tls", "smtp_smarthost", "smtp_tls_config",
    "telegram_bot_token", "telegram_bot_token_file",
))
# fmt: on
# How long an alert lasts that Prometheus posts without an end; the same as Alertmanager's default.
RESOLVE_TIMEOUT_S = 300.0
MAX_BYTES = 4 << 20
COMMENTS = {
    "incidents": "Alertmanager notifies each alert. Without the first two lines the engine keeps what is mild and\n"
    "alone as background. resolve_after_s is group_interval: an end is notified after it.",
    "route": "Alertmanager's routes. settle_s is group_wait, update_every_s group_interval.",
}


def translate(data: bytes) -> Translation:
    """Translate a configuration file; raise `UsageError` with the place of what does not fit."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"expected a file of at most {MAX_BYTES} bytes; got {len(data)}")
    try:
        given = msgspec.yaml.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"expected YAML: {error}") from None
    if not isinstance(given, Mapping):
        raise UsageError("$: expected the sections of an Alertmanager configuration")
    made = Translation()
    top = given.get("global") or {}
    _note_top(made, given, top)
    made.config["incidents"] = {"min_severity": "ok", "lone_warning_s": 0}
    receivers = endpoints_of(made, given.get("receivers"), top)
    route = made.config["route"] = route_of(made, given.get("route"), receivers)
    # An end is sent by the next group interval at the latest.
    made.config["incidents"]["resolve_after_s"] = max(1.0, route["update_every_s"])
    intervals = [
        *intervals_of(made, given.get("time_intervals"), "$.time_intervals"),
        *intervals_of(made, given.get("mute_time_intervals"), "$.mute_time_intervals"),
    ]
    if intervals:
        made.config["time_intervals"] = intervals
    rules = inhibit_rules_of(made, given.get("inhibit_rules"))
    if rules:
        made.config["inhibit_rules"] = rules
    return made


def _note_top(made: Translation, given: Mapping[str, Any], top: Mapping[str, Any]) -> None:
    for key in given:
        if key not in KEYS:
            made.note(f"$.{key}", "has no equal; not translated")
    if given.get("templates"):
        made.note("$.templates", "texts and layouts are the product's own; not translated")
    for key in top:
        place = f"$.global.{key}"
        if key == "resolve_timeout" and duration_s(top[key], place) != RESOLVE_TIMEOUT_S:
            made.note(place, "an alert that is posted without an end lasts for 5 min; not translated")
        elif key not in GLOBAL:
            made.note(place, "has no equal; not translated")
