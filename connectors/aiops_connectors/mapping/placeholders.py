"""Placeholders that a tool was to replace and did not: values without a meaning in any field.

A template with a misspelt or empty variable sends `{{Name}}`, `$SERVICE$` or `*UNKNOWN*`. Taken as a name or an entity,
it would join all alerts of the tool. Only a whole value counts: text with braces in it is text, and
`{availability-zone:a}` is a scope of Datadog.
"""

from __future__ import annotations

from aiops.patterns import Finder

# The first characters of all of them: most values are decided by a look at their first character.
STARTS = frozenset("{$%*<[#")
# Longer values are texts, not the name of a variable.
MAX_LENGTH = 256
_NAME = r"[A-Za-z_][A-Za-z0-9_.:]{0,63}"
UNFILLED = "|".join(
    (
        # Mustache, Jinja, Go, Handlebars, Datadog: `{{Name}}`, also several with text between them.
        r"\{\{[^{}]*\}\}(?:[^{}]*\{\{[^{}]*\}\})*",
        # Zabbix' macros and format strings: `{HOST.NAME}`, `{$MACRO}`, `{name}`.
        r"\{[$#?]?[A-Za-z_][A-Za-z0-9_.]{0,63}\}",
        # Shells, Maven, Splunk's tokens (`$result.host$`), Nagios' and Datadog's macros (`$SERVICEDESC$`, `$HOSTNAME`).
        r"[$#]\{[^{}]*\}",
        rf"\${_NAME}\$",
        r"\$[A-Z][A-Z0-9_]{0,63}",
        # PRTG, Windows, Log4j: `%host%`.
        r"%[A-Za-z_][A-Za-z0-9_. -]{0,63}%",
        # ERB and JSP.
        r"<%[^%]*%>",
        # What an engine writes for a variable that has no value: Zabbix, Go, Grafana.
        r"\*UNKNOWN\*|<no value>|\[no value\]|<nil>|<none>",
    )
)
# Words for nothing that templates and serialisers write, in lower case.
NOTHING = frozenset(("null", "none", "nil", "undefined", "unknown", "n/a", "nan", "-", "--"))
LONGEST = max(map(len, NOTHING))


class Placeholder:
    """Recognises unfilled placeholders; `own` is a mapping's own expression beside the common ones."""

    __slots__ = ("_common", "_own", "is_common")

    def __init__(self, own: str | None = None) -> None:
        """Raise `UsageError` for an expression that cannot be compiled."""
        self._common = Finder(f"^(?:{UNFILLED})$")
        self._own = Finder(own) if own else None
        # Without an expression of its own, a look at the first character decides for most values.
        self.is_common = self._own is None

    def occurs(self, value: str) -> bool:
        """Return True if a value is a placeholder.

        >>> find = Placeholder().occurs
        >>> find("{{Name}}"), find("$SERVICEDESC$"), find("{HOST.NAME}"), find("%host%"), find("*UNKNOWN*")
        (True, True, True, True, True)
        >>> find("{availability-zone:a}"), find("[prod] api"), find("$5 plan"), find("{{a}} is down")
        (False, False, False, False)
        """
        if value[:1] in STARTS and len(value) <= MAX_LENGTH and self._common.occurs(value):
            return True
        return self._own is not None and self._own.occurs(value[:2048])


COMMON = Placeholder()


def is_nothing(value: str) -> bool:
    """Return True if a value is a word for nothing.

    >>> is_nothing("N/A"), is_nothing("nullable")
    (True, False)
    """
    return len(value) <= LONGEST and value.lower() in NOTHING


__all__ = ["COMMON", "LONGEST", "NOTHING", "STARTS", "Placeholder", "is_nothing"]
