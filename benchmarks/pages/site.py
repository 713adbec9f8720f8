"""The site to measure: stored incidents of many services, and a storm that the daemon takes in itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from aiops.engine.events import IncidentChanged
from aiops.records import Alert, Cause, Evidence, Incident, Member
from aiops.records.decode import encode
from aiops.store import incidents
from aiops.store.store import Store

NAMES = (
    "BlackboxProbeFailed", "KubePodCrashLooping", "HighRequestLatency", "PostgresqlTooManyConnections", "DiskFull",
    "CertificateExpired", "QueueStuck", "NodeNotReady",
)  # fmt: skip
SERVICES, TEAMS, MAX_MEMBERS = 200, 12, 20
SEVERITIES = ("critical", "high", "warning", "warning")
# Of ten incidents: six are open, two acknowledged, two resolved within the last hour.
STATES = (*["open"] * 6, *["acknowledged"] * 2, *["resolved"] * 2)
# Incidents of one transaction while the store is filled.
PART = 500


def fill(directory: Path, count: int, now: float) -> None:
    """Write `count` incidents into a new store; no frame of the journal counts as applied."""
    draw = random.Random(7)
    with closing(Store(directory)) as store:
        for start in range(0, count, PART):
            with store.database.transaction() as connection:
                for number in range(start, min(start + PART, count)):
                    one = incident(draw, number, now)
                    event = IncidentChanged(0, now, "opened", one, 1, [])
                    incidents.upsert(connection, event, number, now)
        store.database.checkpoint()


def incident(draw: random.Random, number: int, now: float) -> Incident:
    """Return an incident of some members, with a cause in two of three cases."""
    members = [_member(draw, number, now) for _ in range(draw.randint(1, MAX_MEMBERS))]
    entities = list(dict.fromkeys(one.entity for one in members))
    status, opened = draw.choice(STATES), now - draw.uniform(60, 86_400)
    evidence = [Evidence("blame", 1.2, f"all weight leads along the dependencies to {entities[0]}")]
    confidence = draw.choice(("low", "medium", "high"))
    return Incident(
        id=f"inc-{number:012x}",
        status=status,  # type: ignore[arg-type]
        severity=draw.choice(SEVERITIES),
        title=f"{members[0].name} on {entities[0]} and {len(entities) - 1} more entities",
        opened_at=opened,
        first_alert_at=opened,
        last_alert_at=now - draw.uniform(0, 900),
        resolved_at=now - draw.uniform(0, 3_500) if status == "resolved" else None,
        alert_count=draw.randint(1, 2_000),
        acknowledged_by=draw.choice(("alice", "bob")) if status == "acknowledged" else None,
        members=members,
        entities=entities,
        entity_count=len(entities),
        services=list(dict.fromkeys(one.service for one in members if one.service)),
        stream_count=len(members),
        causes=[Cause(entities[0], 2.0, confidence=confidence, evidence=evidence)],  # type: ignore[arg-type]
    )


def _member(draw: random.Random, number: int, now: float) -> Member:
    service, name = f"service-{draw.randrange(SERVICES)}", draw.choice(NAMES)
    entity = f"{service}-{draw.randrange(16**5):05x}-{number % 97}"
    return Member(
        f"{draw.getrandbits(64):016x}",
        name,
        entity,
        "critical",
        "firing",
        draw.randint(1, 90),
        now - 900,
        now - 30,
        alert_id=f"a-{number}",
        service=service,
        source=draw.choice(("prometheus", "kube", "mesh", "logs")),
        message=f"{name}: the value {draw.random():.3f} of {entity} is above its threshold",
        labels={"env": "prod", "namespace": f"ns-{draw.randrange(40)}", "team": f"team-{draw.randrange(TEAMS)}"},
    )


def storm(count: int, now: float) -> Iterator[bytes]:
    """Yield bodies of a storm: alerts of one namespace within a minute, on as many entities."""
    for start in range(0, count, PART):
        alerts = (
            Alert(
                ts=now - 60 + 60 * number / count,
                id=f"storm-{number}",
                name=NAMES[number % 3],
                entity=f"storm-pod-{number % 2_000}",
                service=f"storm-{number % 20}",
                source="kube",
                severity="critical",
                labels={"namespace": "storm", "pod": f"storm-pod-{number % 2_000}"},
                message="the probe has failed for 2 minutes",
            )
            for number in range(start, min(start + PART, count))
        )
        yield b"".join(encode(alert) + b"\n" for alert in alerts)


def steady(number: int, count: int, now: float) -> bytes:
    """Return one body of the load: alerts of the services that alert already, some of them new."""
    alerts = [
        {
            "kind": "alert",
            "ts": now,
            "id": f"s-{number}-{place}",
            "name": NAMES[(number + place) % len(NAMES)],
            "entity": f"service-{(number * count + place) % 1_000}",
            "service": f"service-{(number * count + place) % SERVICES}",
            "source": "prometheus",
            "severity": SEVERITIES[place % 4],
            "labels": {"env": "prod", "team": f"team-{place % TEAMS}"},
            "message": f"the value {number} is above its threshold",
        }
        for place in range(count)
    ]
    return b"".join(msgspec.json.encode(alert) + b"\n" for alert in alerts)
