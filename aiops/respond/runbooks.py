"""A folder of Markdown runbooks, one file an alert.

The Prometheus-operator and OpenShift projects keep them in this form. The file's name (or its first heading) is the
alert's name. The sections Meaning, Impact, Diagnosis and Mitigation are found by their headings, and other text is kept
as it is. https://runbooks.prometheus-operator.dev/
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from aiops.errors import UsageError

# The public collections have at most a few hundred. A folder with more is a mistaken path, such as a home directory.
MAX_FILES = 5_000
MAX_FILE_BYTES = 256 * 1024
# Runbooks are grouped by component at most (`runbooks/node/…`, `runbooks/team/node/…`).
MAX_DEPTH = 4

# A passage of fewer letters is a heading alone. Manuals of thousands of words have some dozens.
MIN_PASSAGE = 20
MAX_PASSAGES = 200

SECTIONS = ("meaning", "impact", "diagnosis", "mitigation")
_HEADING = re.compile(r"#{1,6}[ \t]")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
# In a folder below the top such a file is the runbook of what that folder is named after; at the top it is none.
_INDEXES = ("readme", "_index", "index")
_COMMENT = re.compile(r"<!--.{0,10000}?-->", re.DOTALL)
_PLAIN = re.compile(r"[^a-z0-9]")


class Runbook(Struct):
    """One runbook.

    `name` is its path below the folder without the suffix; `alert` is the name of its alert, or of the folder that a
    `README.md` describes.
    """

    name: str
    alert: str
    title: str
    meaning: str = ""
    impact: str = ""
    diagnosis: str = ""
    mitigation: str = ""
    other: str = ""


def plain(name: str) -> str:
    """Normalise a name for comparison: letters and digits only, in lower case.

    >>> plain("Kube_Pod-CrashLooping")
    'kubepodcrashlooping'
    """
    return _PLAIN.sub("", name.lower())


def read_runbooks(folder: Path) -> list[Runbook]:
    """Read all runbooks of a folder, in order of path; files that are too large or not UTF-8 are left out.

    Raise `UsageError` if there is no such folder. Links are not followed: they could lead out of the folder.
    """
    if not folder.is_dir():
        raise UsageError(f"runbooks {folder}: expected a folder of Markdown files; there is none")
    made: list[Runbook] = []
    for path in sorted(_markdown(folder, MAX_DEPTH)):
        if path.parent == folder and path.stem.lower() in _INDEXES:
            continue
        try:
            if path.stat().st_size <= MAX_FILE_BYTES:
                name = path.relative_to(folder).with_suffix("").as_posix()
                made.append(parse(name, path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            continue
        if len(made) == MAX_FILES:
            break
    return made


def parse(name: str, text: str) -> Runbook:
    """Parse a runbook.

    >>> book = parse("node/NodeDown", "# NodeDown\\n## Meaning\\nIt is off.\\n## Mitigation\\nSwitch on.")
    >>> book.alert, book.meaning, book.mitigation
    ('NodeDown', 'It is off.', 'Switch on.')
    """
    parts: dict[str, list[str]] = {}
    title, at = "", "other"
    fenced = False
    for line in _FRONT_MATTER.sub("", text.replace("\r\n", "\n")).split("\n"):
        fenced ^= line.lstrip().startswith("```")
        heading = "" if fenced else _heading(line)
        if heading and not title and line.startswith("# "):
            title = heading
        elif heading and (section := _section(heading)):
            at = section
        else:
            parts.setdefault(at, []).append(line)
    folder, _, stem = name.rpartition("/")
    if folder and stem.lower() in _INDEXES:
        stem = folder.rpartition("/")[2]
    found = {key: "\n".join(lines).strip() for key, lines in parts.items()}
    return Runbook(name, _alert(stem, title), title or stem, **found)


def passages(book: Runbook) -> list[str]:
    """Return the parts of a runbook between its headings, each with its heading; short ones are left out.

    >>> passages(parse("a", "# A\\nFirst words about the disk.\\n## Cleaning\\nRemove the oldest logs of the disk."))
    ['First words about the disk.', '## Cleaning\\nRemove the oldest logs of the disk.']
    """
    found: list[str] = []
    for part in body(book):
        lines: list[str] = []
        fenced = False
        for line in part.split("\n"):
            fenced ^= line.lstrip().startswith("```")
            if not fenced and _heading(line):
                found.append("\n".join(lines))
                lines = []
            lines.append(line)
        found.append("\n".join(lines))
    return [one for one in found if len(one) >= MIN_PASSAGE][:MAX_PASSAGES]


def headings(book: Runbook) -> list[str]:
    """Return the headings inside the parts of a runbook, without those that name the parts."""
    firsts = (passage.partition("\n")[0] for passage in passages(book))
    return [found for first in firsts if (found := _heading(first))]


def body(book: Runbook) -> list[str]:
    """Return the parts of a runbook that have a text, without the comments of generators."""
    parts = (book.other, book.meaning, book.impact, book.diagnosis, book.mitigation)
    return [_COMMENT.sub(" ", part) for part in parts if part]


def _heading(line: str) -> str:
    """Return the text of a heading's line; empty for other lines."""
    return line.lstrip("#").strip(" \t").rstrip(" \t#") if _HEADING.match(line) else ""


def _section(heading: str) -> str | None:
    first = heading.lower().split()[0].strip(":") if heading.split() else ""
    return first if first in SECTIONS else None


def _alert(stem: str, title: str) -> str:
    """Return the heading if it is the same name with its capitals, else the file's name."""
    return title if plain(title) == plain(stem) else stem


def _markdown(folder: Path, depth: int) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and depth > 1:
            found.extend(_markdown(path, depth - 1))
        elif path.is_file() and path.suffix.lower() in (".md", ".markdown"):
            found.append(path)
    return found
