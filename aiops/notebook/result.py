"""A finished replay: frames, the report, a comparison, and pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aiops.archive import Rejections
from aiops.backtest import Replay, Report, compare, incident_lines
from aiops.errors import UsageError
from aiops.notebook import html, timeline
from aiops.notebook.alert_columns import AlertColumns
from aiops.notebook.comparison import Comparison
from aiops.notebook.members import MemberHistory
from aiops.notebook.picture import Picture
from aiops.records import Incident, Member, parse_severity
from aiops.topology import Topology
from aiops.wording import plural

if TYPE_CHECKING:
    import pandas as pd

# Incidents that a notebook shows of a result; the frame has all.
MAX_SHOWN = 10


@dataclass(slots=True)
class Run:
    """A finished replay, and what was kept of its input and its events."""

    done: Replay
    incidents: list[Incident]
    report: Report
    alerts: AlertColumns
    rejections: Rejections
    topology: Topology
    history: MemberHistory


class Result:
    """The outcome of `aiops.replay`. Frames are made at their first use, and kept.

    >>> import aiops
    >>> alerts = [aiops.Alert(ts=60.0 * n, name="DiskFull", severity="high", entity="db-1") for n in range(3)]
    >>> result = aiops.replay(alerts)
    >>> result
    <aiops.Result: 3 alerts → 1 incident (1 high)>
    >>> result.incidents["title"].to_list(), int(result.incidents["alerts"].sum())
    (['DiskFull on db-1'], 3)
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """One row an incident, by opening time; the index is its id."""
        from aiops.notebook import frames

        return frames.incidents_frame(self._run.incidents)

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """One row an input alert, in input order, with its disposition and incident."""
        from aiops.notebook import frames

        return frames.alerts_frame(self._run.alerts, self._run.done.decisions())

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row an incident and alert stream, with why the stream joined."""
        from aiops.notebook import frames

        return frames.members_frame(self._members)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """One row a suspect, with rank, probability and evidence."""
        from aiops.notebook import frames

        return frames.causes_frame(self._run.incidents)

    @cached_property
    def playbooks(self) -> pd.DataFrame:
        """One row a suggested playbook, with rank, probability and evidence."""
        from aiops.notebook import frames

        return frames.playbooks_frame(self._run.incidents)

    @cached_property
    def rejected(self) -> pd.DataFrame:
        """One row a rejected line: the first 1,000; `report["rejected"]` counts all."""
        from aiops.notebook import frames

        return frames.rejected_frame(self._run.rejections.kept)

    @property
    def report(self) -> dict[str, Any]:
        """The numbers of `report.json`: counts, speed, digest, and scores where there is truth."""
        found: dict[str, Any] = msgspec.to_builtins(self._run.report)
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of the incidents: equal digests are equal incidents, byte for byte."""
        return self._run.report.digest

    def incident(self, id: str) -> Incident:
        """Return an incident with its members, causes, explanation and the ids of its alerts.

        Raise `UsageError` for an id that is not in `incidents`.
        """
        for incident in self._run.incidents:
            if incident.id == id:
                return incident
        raise UsageError(f"incident: unknown id (got {id!r}); use one of the index of .incidents")

    def compare(self, other: Result) -> Comparison:
        """Return what differs in `other`, usually the same input with other settings.

        >>> import aiops
        >>> alerts = [aiops.Alert(ts=60.0, name="DiskFull", severity="high", entity="db-1")]
        >>> aiops.replay(alerts).compare(aiops.replay(alerts))
        <aiops.Comparison: 1 incident the same, no difference>
        """
        if not isinstance(other, Result):
            raise UsageError(f"compare: expected the result of another replay (got {type(other).__name__})")
        one, two = self._run, other._run
        return Comparison(compare(one.incidents, two.incidents, one.report, two.report))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write `incidents.jsonl`, `decisions.jsonl` and `report.json`, as `aiops replay` does."""
        home = Path(folder).expanduser()
        run = self._run
        try:
            home.mkdir(parents=True, exist_ok=True)
            _write(home / "incidents.jsonl", incident_lines(run.incidents))
            _write(home / "decisions.jsonl", (msgspec.json.encode(each) + b"\n" for each in run.done.decisions()))
            _write(home / "report.json", [msgspec.json.format(msgspec.json.encode(run.report), indent=2), b"\n"])
        except OSError as error:
            raise UsageError(f"{error.filename or home}: {error.strerror or error}") from error

    def plot_timeline(self, incident: str | None = None, top: int = 20) -> Picture:
        """Draw the alerts by time: a track for each of the `top` incidents, or entities of one incident.

        The most severe incidents and entities come first where there are more than `top`.
        """
        if top < 1:
            raise UsageError(f"top: expected 1 or more (got {top})")
        run = self._run
        if incident is None:
            return timeline.of_incidents(run.incidents, run.alerts, self._homes, top)
        return timeline.of_entities(self.incident(incident), run.alerts, self._homes, top)

    def plot_graph(self, incident: str | Incident) -> Picture:
        """Draw the suspects and entities of an incident in the dependency graph."""
        from aiops.notebook import graph_picture

        found = self.incident(incident if isinstance(incident, str) else incident.id)
        return graph_picture.draw(found, self._members[found.id], self._run.topology)

    @cached_property
    def _homes(self) -> list[str | None]:
        """The incident of each input alert, in input order."""
        return [each.incident for each in self._run.done.decisions()]

    @cached_property
    def _members(self) -> dict[str, list[Member]]:
        """The members of each incident."""
        run = self._run
        return run.history.members(run.incidents, run.alerts, self._homes, run.done.engine)

    def __repr__(self) -> str:
        return f"<aiops.Result: {self._summary()}>"

    def _summary(self) -> str:
        report = self._run.report
        severities = sorted(report.incidents_by_severity.items(), key=lambda item: -parse_severity(item[0]))
        found = plural(report.incidents, "incident")
        if severities:
            found += f" ({', '.join(f'{count:,} {name}' for name, count in severities)})"
        rejected = f", {plural(report.rejected, 'line')} rejected" if report.rejected else ""
        return f"{plural(report.records.get('alert', 0), 'alert')} → {found}{rejected}"

    def _repr_html_(self) -> str:
        report = self._run.report
        dispositions = ", ".join(f"{count:,} {name}" for name, count in report.dispositions.items() if count)
        lines = [f"Dispositions: {dispositions}." if dispositions else ""]
        more = len(self._run.incidents) - MAX_SHOWN
        if more > 0:
            total = plural(len(self._run.incidents), "incident")
            lines.append(f"The {MAX_SHOWN} most severe of {total}; .incidents has all.")
        header: list[html.Cell] = ["severity", "incident", "status", html.Count("alerts"), "suspect", "id"]
        shown = timeline.most_severe(self._run.incidents, MAX_SHOWN)
        return html.view(self._summary(), lines, header, [_row(incident) for incident in shown])


def _row(incident: Incident) -> list[html.Cell]:
    return [
        html.Level(incident.severity or "warning"),
        incident.title,
        incident.status,
        html.Count(f"{len(incident.alerts):,}"),
        timeline.suspect_of(incident),
        incident.id,
    ]


def _write(path: Path, lines: Iterable[bytes]) -> None:
    with open(path, "wb") as handle:
        handle.writelines(lines)
