"""Columns of the frames, with type and meaning; a test holds the tables of docs/python.md equal."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from aiops.engine.events import DISPOSITIONS
from aiops.records import LABELS

Kind = Literal["text", "time", "number", "count", "severity", "choice", "list", "table", "any"]

_CONFIDENCE = ("low", "medium", "high")
# Words of the columns that hold one of a few, by frame and column.
CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("incidents", "status"): ("open", "acknowledged", "resolved"),
    ("incidents", "confidence"): _CONFIDENCE,
    ("alerts", "status"): ("firing", "resolved"),
    ("alerts", "disposition"): DISPOSITIONS,
    ("members", "status"): ("firing", "resolved"),
    ("causes", "confidence"): _CONFIDENCE,
    ("differences", "kind"): ("changed", "joined", "split", "only_before", "only_after"),
}
# Severities from the least to the most severe: an ordered category compares as people do.
SEVERITIES = LABELS
# The type that pandas shows for a kind of column.
DTYPES: dict[Kind, str] = {
    "text": "string",
    "time": "datetime64[ns, UTC]",
    "number": "float64",
    "count": "int64",
    "severity": "category, ordered",
    "choice": "category",
    "list": "object (list)",
    "table": "object (dict)",
    "any": "object",
}
assert set(DTYPES) == set(get_args(Kind))


class Column(NamedTuple):
    """A column of a frame."""

    name: str
    kind: Kind
    meaning: str


_EVIDENCE = (
    Column("why", "text", "The reasons for it, strongest first; empty where there are none."),
    Column("evidence", "table", "Contribution to the score by its name; a negative one is against it."),
)

FRAMES: dict[str, tuple[Column, ...]] = {
    "incidents": (
        Column("title", "text", "One line: the worst alert, where, and how many entities more."),
        Column("severity", "severity", "The highest of its alerts."),
        Column("status", "choice", "`open`, `acknowledged` or `resolved`, at the end of the input."),
        Column("opened_at", "time", "Opening, at the engine's time."),
        Column("resolved_at", "time", "Resolution; empty while it is open."),
        Column("first_alert_at", "time", "Its first alert."),
        Column("last_alert_at", "time", "Its last alert."),
        Column("alerts", "count", "Alerts, repeats included: the rows of `alerts` with this incident."),
        Column("streams", "count", "Alert streams at the end of the input."),
        Column("firing", "count", "Streams that fire at the end of the input."),
        Column("entities", "count", "Entities at the end of the input."),
        Column("returns", "count", "How often it fired again after it was quiet."),
        Column("services", "list", "Services."),
        Column("suspect", "text", "The entity ranked first as its cause."),
        Column("probability", "number", "Calibrated probability of the suspect; empty before it is calibrated."),
        Column("confidence", "choice", "`low`, `medium` or `high`, of the suspect."),
        Column("playbook", "text", "The playbook that fits best."),
        Column("confirmed_cause", "text", "The cause that a person confirmed (action `confirm_cause`)."),
    ),
    "alerts": (
        Column("id", "text", "Id of the record; made of file and line where the input has none."),
        Column("ts", "time", "Time of the message."),
        Column("name", "text", "What alerts."),
        Column("severity", "severity", "The level that it counts as."),
        Column("severity_text", "text", "The severity in the words of the tool; empty where none was sent."),
        Column("status", "choice", "`firing` or `resolved`."),
        Column("source", "text", "The tool."),
        Column("service", "text", "The service."),
        Column("entity", "text", "The entity that it is about; from a label where the alert names none."),
        Column("message", "text", "The message."),
        Column("labels", "table", "The labels."),
        Column("key", "text", "The tool's own name of what alerts."),
        Column("url", "text", "Link to the tool."),
        Column("starts_at", "time", "Start of the episode, at the sender's clock."),
        Column("ends_at", "time", "End of the episode, at the sender's clock."),
        Column("disposition", "choice", "`incident`, `duplicate`, `suppressed`, `background` or `rejected`."),
        Column("incident", "text", "Id of its incident; empty for a background alert."),
        Column("cluster", "text", "The cluster that it is in at the end; always set."),
        Column("reason", "text", "Why it has this disposition."),
        Column("fingerprint", "text", "The alert stream, as in `members`."),
        Column("truth_incident", "text", "Label for scoring: its true incident."),
        Column("truth_root_cause", "any", "Label for scoring: the root cause, or whether this alert is of it."),
    ),
    "members": (
        Column("incident", "text", "Id of the incident."),
        Column("fingerprint", "text", "The alert stream."),
        Column("name", "text", "What alerts."),
        Column("entity", "text", "The entity that it is about."),
        Column("severity", "severity", "The highest of its alerts."),
        Column("status", "choice", "`firing` or `resolved`, at the end of the input."),
        Column("alerts", "count", "Alerts of the stream in the incident."),
        Column("first_at", "time", "Its first alert there."),
        Column("last_at", "time", "Its last alert there."),
        Column("score", "number", "Sum of the evidence by which it joined; empty without evidence."),
        *_EVIDENCE,
        Column("notes", "list", "Sentences on what is unusual about it."),
        Column("alert_id", "text", "Id of its first alert."),
        Column("workload", "text", "What the entity is a replica of; empty for a stream that the engine did not keep."),
    ),
    "causes": (
        Column("incident", "text", "Id of the incident."),
        Column("rank", "count", "1 for the first suspect."),
        Column("entity", "text", "The suspected entity."),
        Column("probability", "number", "Calibrated probability; empty before it is calibrated."),
        Column("confidence", "choice", "`low`, `medium` or `high`."),
        Column("score", "number", "Sum of the evidence."),
        *_EVIDENCE,
    ),
    "playbooks": (
        Column("incident", "text", "Id of the incident."),
        Column("rank", "count", "1 for the one that fits best."),
        Column("playbook", "text", "Name of the playbook."),
        Column("target", "text", "The entity to run it on."),
        Column("probability", "number", "Calibrated probability; empty before it is calibrated."),
        Column("score", "number", "Sum of the evidence."),
        *_EVIDENCE,
    ),
    "rejected": (
        Column("file", "text", "The file, or `records` or `frame`."),
        Column("line", "count", "Line of the file, or number of the record, from 1."),
        Column("field", "text", "Path of the field that does not fit."),
        Column("expected", "text", "What was expected there."),
        Column("got", "text", "What was there."),
    ),
    "differences": (
        Column("kind", "choice", "`changed`, `joined`, `split`, `only_before` or `only_after`."),
        Column("before", "list", "Ids of the incidents of this result."),
        Column("after", "list", "Ids of the incidents of the other result."),
        Column("alerts", "count", "Alerts that they share; for a vanished incident its alerts."),
        Column("text", "text", "The difference in words."),
    ),
    "scores": (
        Column("before", "number", "The figure in this result."),
        Column("after", "number", "The figure in the other result."),
        Column("change", "number", "The difference."),
    ),
}
# The column that is the index of a frame; the others have rows by number.
INDEXES = {"incidents": "incident", "scores": "measure"}
