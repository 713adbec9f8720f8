"""Names of anybody in chats that read markup: they stay as they are written."""

from __future__ import annotations

import re

# Invisible: it parts a character from the next one.
_JOINER, _ZERO_WIDTH = "\u2060", "\u200b"
_SHORTCODE = re.compile(r":(?=[a-z0-9_+'-]{1,100}:)", re.IGNORECASE)
_MENTION = re.compile(r"@(?=[\w!&<])|<(?=[@!#/a-z])", re.IGNORECASE)
# What Markdown formats with, and what a backslash takes the meaning of (CommonMark, 2.4).
_MARKDOWN = re.compile(r"([\\`*_~|<>\[\]#])")


def without_pictures(text: str) -> str:
    """Return text in which `:fire:` is no picture.

    >>> without_pictures(":fire: at 10:30:00").encode("unicode_escape").decode()
    ':\\\\u2060fire: at 10:\\\\u206030:00'
    """
    return _SHORTCODE.sub(f":{_JOINER}", text)


def without_mentions(text: str) -> str:
    """Return text that calls nobody: `@everyone`, `<@U1>` and `<users/all>` are parted."""
    return _MENTION.sub(lambda found: found.group() + _ZERO_WIDTH, text)


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is.

    >>> print(markdown("*bold* `rm`"))
    \\*bold\\* \\`rm\\`
    """
    return _MARKDOWN.sub(r"\\\1", text)
