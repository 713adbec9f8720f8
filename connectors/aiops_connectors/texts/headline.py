"""The headline: the line of which the first 60 characters decide.

`Critical: payments-api failing since deploy 8.14.6` for what is open; an update begins with the news, an end with how
long it lasted.
"""

from __future__ import annotations

from aiops.ports import Message
from aiops.records import Incident
from aiops.verdict.certainty import certainty
from aiops.verdict.sentence import verdict, what_it_was
from aiops.wording import about
from aiops_connectors.texts.links import playbook
from aiops_connectors.texts.moments import clock
from aiops_connectors.texts.news import plain_news
from aiops_connectors.texts.sentences import alert_text, counts, duration_s, ended_by, hurts
from aiops_connectors.texts.truncation import cut, line

OVER = ("resolved", "merged")
# A pager's lock screen shows some 100 characters, a phone's list of mails some 60.
MAX_HEADLINE = 300
MAX_NAME = 120
# How the news of a person's reopening begins.
REOPENED = "reopened by "
ESCALATED = "escalated: "


def headline(message: Message) -> str:
    """Return one line of at most 300 characters, without a full stop."""
    return line(_headline(message), MAX_HEADLINE)


def _headline(message: Message) -> str:
    incident = message.incident
    if message.change == "resolved":
        lasted = duration_s(message)
        after = f" after {about(lasted)}" if lasted is not None else ""
        return f"Resolved{after}: {what_it_was(incident)}"
    now = verdict(incident).text
    if message.change == "merged":
        target = f"incident {line(incident.merged_into, MAX_NAME)}" if incident.merged_into else "another incident"
        return f"Now part of {target}: {now}"
    if message.change == "acknowledged":
        return f"{_on_it(message)}: {now}"
    if message.repeats or message.change == "reminder":
        return f"Still open{_age(message)}: {now}"
    if message.news and (message.change == "moved" or message.news[0].startswith((REOPENED, ESCALATED))):
        return f"{plain_news(message)[0]}: {now}"
    if message.change in ("reopened", "returned"):
        pause = f" after {about(incident.back_after_s)}" if incident.back_after_s is not None else ""
        return f"Back{pause}: {now}"
    if message.change == "updated" and message.news:
        return f"{_first_news(message)}: {now}"
    return lasting(incident)


def _on_it(message: Message) -> str:
    incident = message.incident
    person = line(incident.acknowledged_by or "Somebody", MAX_NAME)
    if incident.snoozed_until is not None:
        return f"{person} snoozed it until {clock(incident.snoozed_until, message.zone, message.at)}"
    if incident.assigned_to is not None and incident.assigned_to != incident.acknowledged_by:
        return f"{line(incident.assigned_to, MAX_NAME)} is on it, assigned by {person}"
    return f"{person} is on it"


def lasting(incident: Incident) -> str:
    """Return the headline of what is open, whatever the message is about: the subject of a thread."""
    return line(f"{severity(incident)}: {verdict(incident).text}", MAX_HEADLINE)


def severity(incident: Incident) -> str:
    """Return the severity as the first word of a line."""
    return line(incident.severity or "warning", 20).capitalize()


def notice(message: Message) -> str:
    """Return the headline with what it hurts and the counts: what a lock screen shows."""
    return " ".join([f"{headline(message)}.", *beside(message)])


def beside(message: Message) -> list[str]:
    """Return the sentences that follow the headline where there is one line for all."""
    incident = message.incident
    if message.change == "merged":
        return []
    if message.change == "resolved":
        return [ended_by(message), f"{counts(incident)}."]
    if message.change == "acknowledged":
        return [f"{counts(incident)}."]
    found = [hurts(incident)]
    if verdict(incident).cause is None and incident.entity_count <= 1:
        found.append(f"{alert_text(incident)}." if alert_text(incident) else "")
    return [one for one in [*found, f"{counts(incident)}."] if one]


def summary(message: Message, limit: int) -> str:
    """Return the headline for a pager: with what it hurts, how sure the cause is, and the playbook."""
    incident = message.incident
    found = verdict(incident)
    parts = [f"{headline(message)}.", *beside(message)[:-1]]
    if found.cause is not None:
        parts.append("Cause confirmed." if found.is_confirmed else f"Likely cause: {certainty(found.cause)}.")
    if incident.playbooks:
        parts.append(f"Playbook: {playbook(incident)}")
    return cut(" ".join(parts), limit)


def _first_news(message: Message) -> str:
    found = plain_news(message)
    rise = next((one for one in found if one.startswith("Now ")), None)
    if rise is None and any(one.startswith("Likely cause: ") for one in found):
        # The verdict names it.
        return "Likely cause found"
    # A rise is what somebody may have to get up for.
    return rise or found[0]


def _age(message: Message) -> str:
    opened = message.incident.opened_at
    return f" after {about(message.at - opened)}" if opened is not None and message.at - opened >= 60 else ""
