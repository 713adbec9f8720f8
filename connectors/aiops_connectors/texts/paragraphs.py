"""A message as paragraphs of sentences, for mails and chats without a layout of their own."""

from __future__ import annotations

from aiops.ports import Message
from aiops_connectors.texts.headline import OVER, beside, headline
from aiops_connectors.texts.news import plain_news
from aiops_connectors.texts.sentences import counts, hurt_places, reasons


def paragraphs(message: Message) -> list[str]:
    """Return the headline, the news, the reasons, and what is affected; each is one line."""
    incident = message.incident
    if message.change in (*OVER, "acknowledged"):
        return [one for one in (f"{headline(message)}.", " ".join(beside(message))) if one]
    hurts = hurt_places(incident)
    affected = f"Affected: {hurts}. {counts(incident)}." if hurts else f"{counts(incident)}."
    first = headline(message)
    news = [f"{one}." for one in plain_news(message) if not first.startswith(one)]
    found = [f"{first}.", " ".join(news), " ".join(reasons(incident)), affected]
    return [one for one in found if one]
