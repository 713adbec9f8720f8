"""Receivers of Alertmanager as endpoints: one for each integration.

Source: https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiops.errors import UsageError
from aiops.migration.alertmanager_integrations import INTEGRATIONS, Integration
from aiops.migration.translation import Translation, endpoint_name


def endpoints_of(made: Translation, receivers: Any, top: Mapping[str, Any]) -> dict[str, list[str]]:
    """Add the endpoints of all receivers; return their names by receiver, none without integrations."""
    if not isinstance(receivers, list):
        raise UsageError("$.receivers: expected a list of receivers")
    found: dict[str, list[str]] = {}
    for number, receiver in enumerate(receivers):
        place = f"$.receivers[{number}]"
        if not isinstance(receiver, Mapping) or not isinstance(receiver.get("name"), str):
            raise UsageError(f"{place}.name: expected the name of the receiver; got none")
        if receiver["name"] in found:
            raise UsageError(f"{place}.name: expected a unique name; {receiver['name'][:80]!r} is used before")
        found[receiver["name"]] = _endpoints(made, receiver, place, top)
    return found


def _endpoints(made: Translation, receiver: Mapping[str, Any], place: str, top: Mapping[str, Any]) -> list[str]:
    configured = {key: value for key, value in receiver.items() if key != "name" and value}
    names: list[str] = []
    for key, value in configured.items():
        for number, given in enumerate(value if isinstance(value, list) else [value]):
            at = f"{place}.{key}[{number}]"
            if key not in INTEGRATIONS or not isinstance(given, Mapping):
                made.note(at, "no endpoint sends to this; connect it by a webhook, or see `aiops connectors list`")
                continue
            kind, translate = INTEGRATIONS[key]
            name = _name(made, receiver["name"], kind, is_only=len(configured) == 1 and len(value) == 1)
            one = Integration(made, at, name, given, top)
            options = translate(one)
            one.finish()
            endpoint: dict[str, Any] = {"name": name, "type": kind, "options": options}
            # Alertmanager sends no ends to Slack and by e-mail unless it is configured.
            if given.get("send_resolved", kind not in ("slack", "email")) is False:
                endpoint["send_resolved"] = False
            made.config.setdefault("endpoints", []).append(endpoint)
            names.append(name)
    return names


def _name(made: Translation, receiver: str, kind: str, *, is_only: bool) -> str:
    """Return a name that no endpoint has."""
    wanted = endpoint_name(receiver if is_only else f"{receiver}-{kind}")
    used = {endpoint["name"] for endpoint in made.config.get("endpoints", [])}
    name, number = wanted, 2
    while name in used:
        name, number = f"{wanted[:56]}-{number}", number + 1
    return name
