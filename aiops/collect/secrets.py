"""Credentials and e-mail addresses in answers, and their replacement.

Logs and tables hold what nobody meant to show. `aiops.http.redaction` hides what this server knows; here are forms that
systems write, and names that stand before a credential. An expression never reads more than a bounded number of
characters from one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiops.http.redaction import redact

HIDDEN = "[redacted]"
# The longest text that is looked at whole; the rest of a longer one is cut off before, at a blank.
MAX_TEXT = 8_192
_NAMES = (
    "passw(?:or)?d|passwd|passphrase|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|"
    "credentials?|authorization|cookies?|set-cookie|session[_-]?ids?|client[_-]?secret|dsn|connection[_-]?string"
)
# `password=x`, `"token": "x"`, `Authorization: Basic x`. A quoted value goes to its quote.
_NAMED = re.compile(
    rf"(?i)((?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,40}}?(?:{_NAMES})[A-Za-z0-9_]{{0,20}}[\"']?\s{{0,4}}[:=]\s{{0,4}})"
    r"(?:\"[^\"]{0,4096}\"?|'[^']{0,4096}'?|(?:bearer|basic|digest|negotiate)\s+[^\s,;]{1,4096}|[^\s,;&\"'}]{1,4096})"
)
_FORMS = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,4096}(?:\.[A-Za-z0-9_-]{0,4096})?"  # a JSON Web Token
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{20,255}"
    r"|xox[abeprs]-[A-Za-z0-9-]{8,255}|sk_(?:live|test)_[A-Za-z0-9]{10,255}|AIza[A-Za-z0-9_-]{35}"
)
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_KEY_BEGINS, _KEY_ENDS = "-----BEGIN ", "-----END "
_IS_NAME = re.compile(rf"(?i)(?:^|[_.-])(?:{_NAMES})(?:$|[_.-])")


def hidden(text: str, secrets: Iterable[str] = ()) -> str:
    """Return one line without credentials and e-mail addresses.

    >>> hidden('login ann@example.org password="a b" ok'), hidden("Authorization: Bearer abcdef")
    ('login [e-mail] password=[redacted] ok', 'Authorization: [redacted]')
    """
    if len(text) > MAX_TEXT:
        # A secret that is cut in half would stay.
        text = text[:MAX_TEXT].rpartition(" ")[0] + " …"
    text = _FORMS.sub(HIDDEN, _NAMED.sub(rf"\1{HIDDEN}", text))
    return _MAIL.sub("[e-mail]", redact(text, secrets))


def lines_hidden(lines: Iterable[str], secrets: Iterable[str] = ()) -> list[str]:
    """Return lines without credentials; a private key in PEM is hidden from its first line to its last."""
    known, made, in_key = list(secrets), list[str](), False
    for line in lines:
        begins = _KEY_BEGINS in line and "KEY" in line
        if begins or in_key:
            in_key = _KEY_ENDS not in line
            made.append(HIDDEN)
        else:
            made.append(hidden(line, known))
    return made


def is_secret_name(name: str) -> bool:
    """Return True for a column or a label whose value is hidden whole.

    >>> is_secret_name("db_password"), is_secret_name("token_count"), is_secret_name("pod")
    (True, True, False)
    """
    return _IS_NAME.search(name) is not None
