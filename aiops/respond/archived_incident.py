"""An incident of an archive in the form that playbooks match, for `aiops playbooks explain`."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.ports import AlertFact, IncidentView
from aiops.records import Alert, Change, Incident, Record, parse_severity

# A change up to an hour before an incident may have caused it, as in the engine.
CHANGE_WINDOW_S = 3600.0
# Alerts kept to look up an incident's members; replay a larger archive with `aiops replay` first.
MAX_ALERTS = 500_000


class Archive(Struct):
    """The content of an archive: incidents in order, alerts by id, changes."""

    incidents: list[Incident] = field(default_factory=list)
    alerts: dict[str, Alert] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def sort_records(records: Iterable[Record]) -> Archive:
    """Sort an archive's records by kind."""
    made = Archive()
    for record in records:
        if isinstance(record, Incident):
            made.incidents.append(record)
        elif isinstance(record, Alert) and len(made.alerts) < MAX_ALERTS:
            made.alerts[record.id or f"alert {len(made.alerts)}"] = record
        elif isinstance(record, Change):
            made.changes.append(record)
    return made


def view_of_archive(archive: Archive, incident: str | None) -> IncidentView:
    """Return the view of the incident of that id, or of the only one.

    Without incidents, of all alerts together.

    Raise `UsageError` that names the incidents of the archive.
    """
    if not archive.incidents and incident is None and archive.alerts:
        return _view(Incident(id="all alerts"), list(archive.alerts.values()), archive.changes)
    found = [one for one in archive.incidents if incident in (None, one.id)]
    if incident is None and len(found) > 1:
        raise UsageError(f"expected --incident: the archive has {len(found)}: {_some(found)}")
    if not found:
        raise UsageError(f"there is no incident {incident or ''}; the archive has {_some(archive.incidents) or 'none'}")
    chosen = found[-1]
    whole = [alert for alert in chosen.alerts if isinstance(alert, Alert)]
    known = [archive.alerts[key] for key in chosen.alerts if isinstance(key, str) and key in archive.alerts]
    return _view(chosen, whole + known, archive.changes)


def _some(incidents: list[Incident]) -> str:
    names = ", ".join(one.id for one in incidents[:5])
    return names + (", …" if len(incidents) > 5 else "")


def _view(incident: Incident, alerts: list[Alert], changes: list[Change]) -> IncidentView:
    facts = _facts(alerts) or [
        AlertFact(
            m.entity, m.name, int(parse_severity(m.severity)), m.count, m.first_at, m.last_at, workload=m.workload
        )
        for m in incident.members
    ]
    if not facts:
        raise UsageError(
            f"incident {incident.id} has no members, and the files do not have its alerts: name the archive too"
        )
    opened = incident.opened_at or min(fact.first_at for fact in facts)
    near = [change for change in changes if opened - CHANGE_WINDOW_S <= change.ts <= max(f.last_at for f in facts)]
    severity = parse_severity(incident.severity) if incident.severity else max(fact.severity for fact in facts)
    return IncidentView(incident.id, opened, facts, near, int(severity), incident.causes)


def _facts(alerts: list[Alert]) -> list[AlertFact]:
    made: dict[tuple[str, str], AlertFact] = {}
    for alert in alerts:
        entity = alert.entity or alert.service or "unknown"
        fact = made.get((entity, alert.name))
        level = int(parse_severity(alert.severity))
        if fact is None:
            made[(entity, alert.name)] = AlertFact(
                entity,
                alert.name,
                level,
                1,
                alert.ts,
                alert.ts,
                alert.service,
                alert.source,
                alert.message,
                labels=alert.labels,
                url=alert.url,
                annotations=alert.annotations,
            )
        else:
            fact.count, fact.severity = fact.count + 1, max(fact.severity, level)
            # The alerts of an incident are named in any order.
            fact.first_at, fact.last_at = min(fact.first_at, alert.ts), max(fact.last_at, alert.ts)
    return list(made.values())
