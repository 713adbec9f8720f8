"""Text of alerts and people made safe for a page.

Hidden and direction-turning characters are shown by their code. One filter for all templates: the environment's
`finalize` sends all output of a template through `shown`. Content of form fields goes through `exact` instead, as
character references, and is sent back unchanged.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# Control characters but white space, marks and overrides of direction, characters without width, line and paragraph
# ends of Unicode, and halves of surrogate pairs. The joiners of scripts and emoji (U+200C, U+200D) hide nothing.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def shown(value: object) -> object:
    r"""Return a value for a page: hidden characters of text become their code.

    Markup of templates stays as it is.

    >>> shown("a\u202eb\x1b[2J"), shown(7)
    ('a\\u202eb\\x1b[2J', 7)
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _HIDDEN.sub(_code, value)


def exact(value: object) -> Markup:
    r"""Return the value of a form's field, which must be sent back unchanged.

    >>> exact("a\u202e<b>")
    Markup('a&#x202e;&lt;b&gt;')
    """
    return Markup(_HIDDEN.sub(_reference, str(escape(value))))  # noqa: S704 - escaped before


def _code(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _reference(found: re.Match[str]) -> str:
    return f"&#x{ord(found.group()):x};"
