"""The page before the first incident: what to enter where, with the address of this daemon filled in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request

from aiops.http.auth import Guard

# A name or an address with a port; anything else is no address that a command may hold.
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_UNKNOWN = "127.0.0.1:8640"


class Step(Struct):
    """One way to send the first alert: what to paste, and where."""

    name: str
    where: str
    text: str


def steps_of(request: Request, guard: Guard) -> list[Step]:
    """Return the ways to connect a tool to this daemon."""
    base = address_of(request, guard)
    has_tokens = not guard.open
    return [
        Step("Try it", "In a shell: one alert by hand.", _curl(base, has_tokens)),
        Step("Alertmanager", "In alertmanager.yml; name the receiver in a route.", _alertmanager(base, has_tokens)),
        Step("Prometheus", "In prometheus.yml; the daemon acts as an Alertmanager.", _prometheus(base, has_tokens)),
        Step("Others", "Grafana, Datadog, Zabbix, PagerDuty and more: what to enter in each.", _others(base)),
    ]


def address_of(request: Request, guard: Guard) -> str:
    """Return the address that a tool uses: the configured one, else that of the request."""
    address = guard.address
    if address.origin:
        return f"{address.origin}{address.base}"
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host if _HOST.fullmatch(host) else _UNKNOWN}"


def _curl(base: str, has_tokens: bool) -> str:
    token = ' -H "Authorization: Bearer $TOKEN" \\\n' if has_tokens else ""
    return (
        f"curl -s {base}/api/v2/alerts -H 'Content-Type: application/json' \\\n{token}"
        '  -d \'[{"labels": {"alertname": "DiskFull", "service": "cart", "severity": "critical"}}]\''
    )


def _alertmanager(base: str, has_tokens: bool) -> str:
    token = (
        "        http_config:\n          authorization:\n            credentials_file: /etc/alertmanager/aiops-token\n"
        if has_tokens
        else ""
    )
    return (
        "receivers:\n  - name: aiops\n    webhook_configs:\n"
        f"      - url: {base}/ingest/alertmanager\n        send_resolved: true\n{token}"
    )


def _prometheus(base: str, has_tokens: bool) -> str:
    parts = urlsplit(base)
    lines = [f"scheme: {parts.scheme}"] if parts.scheme != "http" else []
    lines += [f"path_prefix: {parts.path}"] if parts.path else []
    lines += ["authorization:", "  credentials_file: /etc/prometheus/aiops-token"] if has_tokens else []
    lines += ["static_configs:", f'  - targets: ["{parts.netloc}"]']
    # The first line begins the item of a list.
    return "\n".join(["alerting:", "  alertmanagers:", f"    - {lines[0]}", *(f"      {line}" for line in lines[1:])])


def _others(base: str) -> str:
    return f"aiops connectors list\naiops connectors setup grafana --url {base}"
