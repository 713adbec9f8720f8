"""The reason why nobody was notified of an incident, where it is known."""

from __future__ import annotations

from aiops.engine.firing import FiringAlert
from aiops.records import Incident, Member
from aiops.views.one_line import one_line
from aiops.web.host import Host

# The receiver of what nobody is notified of; `aiops.notify.routing_view.NOBODY`.
NOBODY = "nobody"
MAX_NAME = 100
NO_ENDPOINT = "no endpoint is configured"


def why_nobody(host: Host, incident: Incident) -> str:
    """Return the reason as the end of a sentence; empty where it is not known.

    What inhibition or a mute interval holds back has a message, with the reason in its state.
    """
    if not has_endpoints(host):
        return NO_ENDPOINT
    firing = [one for one in incident.members if one.status == "firing"]
    silences = {one.silenced_by for one in firing}
    if firing and None not in silences:
        names = ", ".join(sorted(one_line(str(name), MAX_NAME) for name in silences))
        return f"all that fires of it is silenced by {names}"
    shown = firing or incident.members
    routed = host.routing.routed([_alert(one, incident.id) for one in shown], incident.last_alert_at or 0.0)
    levels = sorted({one.severity for one in shown})
    if routed and all(list(one.receivers) == [NOBODY] for one in routed):
        return (
            f"no endpoint is set to get these alerts at their severity ({', '.join(levels)}; min_severity and routes)"
        )
    return ""


def has_endpoints(host: Host) -> bool:
    """Return True if anybody can be notified of anything."""
    return bool(host.routing.receivers())


def _alert(one: Member, incident: str) -> FiringAlert:
    return FiringAlert(
        one.fingerprint, one.name, one.entity, one.service, one.source, one.severity, one.labels, one.annotations,
        one.message, one.url, one.first_at, one.last_at, one.last_at, [], one.workload, incident,
    )  # fmt: skip
