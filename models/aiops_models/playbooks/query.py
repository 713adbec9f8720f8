"""The words of an incident's query for a playbook, from its alerts and their expressions."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from aiops.ports import AlertFact
from aiops.respond.situation import Situation
from aiops_models.retrieval import weighted

# Names of up to 12 kinds of alert and a few of their messages describe any incident.
MAX_NAMES = 12
# A summary and a description, which most mappings join to the message.
MAX_MESSAGE = 600
MAX_VALUE = 240
# Annotations in which senders describe an alert, where the message holds only one of them.
TEXTS = ("summary", "description", "message", "title")
# Expressions of rules have 100 to 1,000 characters.
MAX_EXPRESSION = 2_000
# Values of these labels name the part of the system; other labels are numbers and places.
DISTINCTIVE = ("service", "job", "app", "component", "container", "reason", "resource", "type")


def incident_query(now: Situation) -> dict[str, float]:
    """Stems with weights; those of alerts on the suspected cause count twice."""
    names: dict[str, float] = {}
    messages: dict[str, float] = {}
    shown: dict[str, None] = {}
    for seen in now.seen:
        fact = seen.fact
        if fact.name not in names and len(names) == MAX_NAMES:
            continue
        weight = 2.0 if now.is_on_cause(fact) else 1.0
        if fact.name not in names:
            shown.update(dict.fromkeys(shown_by(fact)))
            for text in texts_of(fact):
                messages[text] = 0.5 * weight
        names[fact.name] = max(names.get(fact.name, 0.0), weight)
    return weighted([*names.items(), *messages.items()], shown)


def texts_of(fact: AlertFact) -> list[str]:
    """Return the texts of an alert: its message, and the annotations that the message does not hold."""
    texts = [fact.message[:MAX_MESSAGE]] if fact.message else []
    for name in TEXTS:
        text = fact.annotations.get(name, "")[:MAX_MESSAGE]
        if text and not any(text in known for known in texts):
            texts.append(text)
    return texts


def shown_by(fact: AlertFact) -> list[str]:
    """Return machine-written text beside the message: label values, and the rule's expression in the link."""
    values = [f'"{value[:MAX_VALUE]}"' for label in DISTINCTIVE if (value := fact.labels.get(label))]
    text = expression_of(fact.url)
    return [*values, text] if text else values


def expression_of(url: str | None) -> str:
    """The expression in a Prometheus generator link; empty where there is none. Nothing is fetched.

    >>> expression_of("http://prometheus/graph?g0.expr=up+%3D%3D+0&g0.tab=1")
    'up == 0'
    """
    if not url or "g0.expr=" not in url:
        return ""
    try:
        found = parse_qs(urlsplit(url[: 4 * MAX_EXPRESSION]).query, max_num_fields=50).get("g0.expr", [""])
    except ValueError:
        return ""
    return found[0][:MAX_EXPRESSION]
