"""The session that docs/first-response.md quotes: what the example prints, and what of it varies.

`python -m tests.docs.first_response_session` plays it (one and a half minutes) and writes it into the page.
`tests/kubernetes/test_first_response.py` fails while the page quotes something else.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from examples.first_response.__main__ import session
from examples.first_response.transcript import Transcript

PAGE = Path(__file__).parents[2] / "docs" / "first-response.md"
_REGION = re.compile(r"(<!-- session: python -m [a-z_.]+ -->\n).*?(<!-- end of session -->)", re.DOTALL)
_MESSAGES = re.compile(r"^\d\d:\d\d:\d\d  pager .*\n(?: +.*\n)*", re.MULTILINE)
# What differs from one session to the next: times, identities, hashes, counts of polls.
_VARIES = (
    (r"\b\d\d:\d\d:\d\d\b", "hh:mm:ss"),
    (r"\binc-[0-9a-f]{12}\b", "inc-…"),
    (r"\b[0-9a-f]{32}-\d+\b", "…"),
    (r"\b\d+ s\b", "… s"),
    (r"\bcluster: \d+ requests\b", "cluster: … requests"),
    (r"\bone of \d+ answers\b", "one of … answers"),
    (r"\btrail of \d+ entries\b", "trail of … entries"),
    (r"\b(Mon|Sun) 00:00/(Mon|Sun) 00:00\b", "…"),
    (r"\s+", " "),
)


def plain(text: str) -> str:
    """Return what a session prints, without what varies and without its line breaks.

    Messages are left out: several that are due at once are one.
    """
    text = _MESSAGES.sub("", text)
    for pattern, instead in _VARIES:
        text = re.sub(pattern, instead, text)
    return text.strip()


def quoted(page: str) -> str:
    """Return the session that a page quotes."""
    found = _REGION.search(page)
    lines = found[0].splitlines()[1:-1] if found else []
    return "\n".join(line for line in lines if not line.startswith("```"))


def played() -> str:
    """Play a session, and return what it prints."""
    out = io.StringIO()
    session(Transcript(out))
    return out.getvalue()


def written(page: str, text: str) -> str:
    """Return the page with this session."""
    return _REGION.sub(lambda found: f"{found[1]}\n```text\n{text.strip()}\n```\n\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), played()), encoding="utf-8")
