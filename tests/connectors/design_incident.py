"""One incident as the engine records it: a deploy of payments-api breaks what calls it. Texts are checked on it."""

from __future__ import annotations

from typing import Any

from aiops.ports import Message
from aiops.records import Affected, Cause, Change, Evidence, Incident, Member, Suggestion

# 13:53:43 UTC; the first alert came 63 s before, the deploy 24 s before that.
AT = 1_795_874_023.0
ID = "inc-e89d562371f2"
LINK = f"https://aiops.example/incidents/{ID}"
PLACES = ["payments-gateway", "payments-sync", "payments-api", *(f"payments-worker-{number}" for number in range(7))]
LABELS = {"namespace": "payments", "cluster": "eu-1", "severity": "page"}


def member(name: str, entity: str, **more: Any) -> Member:
    base: dict[str, Any] = {
        "service": entity,
        "source": "prometheus",
        "workload": entity,
        "labels": {**LABELS, "instance": entity},
        "annotations": {"summary": f"{name} on {entity}"},
    }
    return Member(f"{name} {entity}", name, entity, "critical", "firing", 2, AT - 63, AT - 2, **{**base, **more})


def incident(**more: Any) -> Incident:
    change = Change(ts=AT - 87, entity="payments-api", name="deploy", labels={"version": "8.14.6"})
    evidence = [
        Evidence("change", 2.0, "deploy on payments-api 24 s before the first alert"),
        Evidence("blame", 1.4, "31% of the weight of the complaints leads along the dependencies to payments-api"),
    ]
    base: dict[str, Any] = {
        "id": ID,
        "opened_at": AT - 63,
        "status": "open",
        "severity": "critical",
        "title": "BlackboxProbeFailed on payments-gateway and 9 more entities",
        "message": "Probe failed: 502",
        "url": "https://prom.example/graph",
        "runbook_url": "https://runbooks.example/probe",
        "alert_count": 20,
        "first_alert_at": AT - 63,
        "last_alert_at": AT - 2,
        "entities": PLACES,
        "entity_count": 10,
        "services": PLACES[:3],
        "workloads": [Affected(name, name) for name in PLACES],
        "members": [
            member(
                "BlackboxProbeFailed", "payments-gateway", message="Probe failed: 502", url="https://prom.example/graph"
            ),
            member("HighErrorRate", "payments-sync"),
            member("ConsumerErrors", "payments-api"),
        ],
        "stream_count": 17,
        "firing_count": 17,
        "causes": [Cause("payments-api", 6.0, None, "high", evidence, change), Cause("payments-db", 2.0)],
        "playbooks": [Suggestion("rollback-release", 4.2), Suggestion("bad-deploy-rollback", 3.0)],
        "similar": [Evidence("inc-77aa01b2c3d4", 0.99, "shares BlackboxProbeFailed on payments-gateway; took 30 min")],
    }
    return Incident(**{**base, **more})


def message(change: str = "opened", version: int = 1, **more: Any) -> Message:
    """A notification; `news`, `zone`, `repeats` and `reference` are the message's, all else the incident's."""
    own = {name: more.pop(name) for name in ("news", "zone", "repeats", "reference") if name in more}
    return Message(f"msg_{version:04d}", "oncall", incident(**more), change, version, AT, LINK, **own)


def resolved(**more: Any) -> Message:
    """The end, 30 min after the first alert and 5 min of quiet."""
    over: dict[str, Any] = {
        "status": "resolved",
        "quiet_at": AT - 63 + 1_800,
        "resolved_at": AT - 63 + 2_100,
        "alert_count": 604,
        "firing_count": 0,
    }
    return message("resolved", 6, **{**over, **more})
