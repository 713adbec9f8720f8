"""An incident as an e-mail: plain text and HTML, threaded by headers.

All mails of an incident have one subject and refer to one root (RFC 5322, 3.6.4): clients show them as a thread. An
end, an acknowledgement and a reopening stand before the subject. Names come from payloads: headers are single lines,
HTML is escaped.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from aiops.ports import Message
from aiops_connectors.texts.headline import OVER, headline, lasting
from aiops_connectors.texts.links import Link, links
from aiops_connectors.texts.paragraphs import paragraphs
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.truncation import cut, line

MAX_SUBJECT = 200
# A subject on one line, where no word of it needs an encoding of its own (RFC 5322 allows 998 characters).
_UNFOLDED = SMTP.clone(max_line_length=500)
# Changes that stand before the subject, in the words of their headline.
_BEFORE = ("resolved", "merged", "acknowledged", "reopened", "returned", "moved", "reminder")
_INK, _DIM, _LINE, _RED, _GREEN = "#12161c", "#626b79", "#e4e6ea", "#c3142d", "#18733f"


def subject_of(message: Message) -> str:
    """Return the subject of an incident's thread: that of its first mail, kept as the reference."""
    return line(message.reference, MAX_SUBJECT) or cut(lasting(message.incident), MAX_SUBJECT)


def mail(message: Message, sender: str, recipients: str, domain: str) -> EmailMessage:
    """Return the mail; `recipients` is the value of its header, `domain` that of its identities."""
    subject = subject_of(message)
    found = EmailMessage(policy=_UNFOLDED if subject.isascii() else SMTP)
    before = f"{headline(message).partition(': ')[0]}: " if message.change in _BEFORE else ""
    found["Subject"] = cut(before + subject, MAX_SUBJECT + 60)
    found["From"], found["To"] = sender, recipients
    found["Date"] = format_datetime(datetime.fromtimestamp(message.at, UTC))
    root = _identity(message.incident.id, domain)
    found["Message-ID"] = root if message.change == "opened" else _identity(message.key, domain)
    if message.change != "opened":
        found["In-Reply-To"] = found["References"] = root
    # RFC 3834: no mailbox answers a program.
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "All"
    found["X-Aiops-Incident"] = line(message.incident.id, MAX_SUBJECT)
    found.set_content(text_body(message))
    found.add_alternative(html_body(message), subtype="html")
    return found


def text_body(message: Message) -> str:
    """Return the plain text: what happened in sentences, the links, the facts, and why one gets it."""
    ways = [f"{link.label}: {link.url}" for link in links(message)]
    facts = [f"{label}: {value}" for label, value in _facts(message)]
    parts = [*paragraphs(message), "\n".join(ways), "\n".join(facts), f"-- \n{_why(message)}"]
    return "\n\n".join(one for one in parts if one) + "\n"


def html_body(message: Message) -> str:
    """Return the same as HTML without scripts, pictures or foreign content."""
    colour = _GREEN if message.change in OVER else _RED if message.incident.severity in ("critical", "high") else _INK
    first, *others = [escape(one) for one in paragraphs(message)]
    parts = [f'<h1 style="font-size:18px;line-height:24px;margin:0 0 12px;color:{colour}">{first}</h1>']
    parts += [f'<p style="margin:0 0 12px">{one}</p>' for one in others]
    parts.append("".join(_button(link, is_first=number == 0) for number, link in enumerate(links(message))))
    cells = "".join(_row(label, value) for label, value in _facts(message))
    parts.append(f'<table style="border-collapse:collapse;margin:16px 0;width:100%">{cells}</table>')
    parts.append(f'<p style="margin:0;color:{_DIM};font-size:12px">{escape(_why(message))}</p>')
    style = f"font:14px/20px system-ui,-apple-system,Segoe UI,sans-serif;color:{_INK};max-width:640px;padding:16px"
    return f'<!DOCTYPE html><html><body style="margin:0"><div style="{style}">{"".join(parts)}</div></body></html>\n'


def _facts(message: Message) -> list[tuple[str, str]]:
    """Return the rows that the sentences do not hold."""
    return [(label, value) for label, value in rows(message) if label not in ("New", "Why", "Hurts", "Ended")]


def _row(label: str, value: str) -> str:
    cell = f"padding:6px 12px 6px 0;border-top:1px solid {_LINE};vertical-align:top"
    return (
        f'<tr><td style="{cell};color:{_DIM};white-space:nowrap">{escape(label)}</td>'
        f'<td style="{cell};overflow-wrap:anywhere">{escape(value)}</td></tr>'
    )


def _button(link: Link, *, is_first: bool) -> str:
    colours = "background:#171b22;color:#fff" if is_first else f"color:{_INK};border:1px solid #868f9c"
    style = f"display:inline-block;margin:0 8px 8px 0;padding:8px 14px;border-radius:6px;text-decoration:none;{colours}"
    return f'<a href="{escape(link.url)}" style="{style}">{escape(link.label)}</a>'


def _why(message: Message) -> str:
    return f"Why you get this: the endpoint {line(message.endpoint, 100)} of aiops sends its notifications to you."


def _identity(key: str, domain: str) -> str:
    """Return a Message-ID: the same for every attempt, whatever the key holds."""
    return f"<aiops.{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}@{domain}>"
