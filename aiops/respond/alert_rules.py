"""Files of Prometheus alerting rules: the words, the expression and the runbook of each alert.

A rule file of Prometheus (`groups:`) or a manifest of its operator (`spec.groups:`). What is no alerting rule is left
out. Nothing is evaluated and no link is followed.
https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from aiops.errors import UsageError
from aiops.records.runbook_link import NAMES
from aiops.respond.catalogue import decode_yaml

# The rules of a large site: GitLab's have about 1,000, all public mixins together 3,000.
MAX_RULES = 20_000
MAX_FILES = 2_000
# Generated files hold a service's rules for every window and region.
MAX_FILE_BYTES = 2 * 1024 * 1024
# Rules are kept by team and component at most; a deeper folder is a mistaken path.
MAX_DEPTH = 5
# The subject of a text stands at its beginning.
MAX_TEXT = 2_000
_TEMPLATE = re.compile(r"\{\{.{0,500}?\}\}", re.DOTALL)


class AlertRule(Struct):
    """One alerting rule; templates such as `{{ $labels.pod }}` are taken out of its texts.

    `link` is what `runbook_url` or `runbook` holds: an address, or a path in a folder of runbooks.
    """

    name: str
    expression: str = ""
    text: str = ""
    link: str = ""


def read_rules(places: Sequence[Path]) -> tuple[list[AlertRule], list[str]]:
    """Read the alerting rules of files and folders, in order of path, and why files could not be used.

    Raise `UsageError` for a place that does not exist. Links in the file system are not followed.
    """
    rules: list[AlertRule] = []
    problems: list[str] = []
    for path in list(_files(places))[:MAX_FILES]:
        try:
            with path.open("rb") as file:
                plain = decode_yaml(file.read(MAX_FILE_BYTES + 1), MAX_FILE_BYTES)
        except (OSError, UsageError) as error:
            problems.append(f"{path}: {error}")
            continue
        rules.extend(_rules(plain))
        if len(rules) > MAX_RULES:
            problems.append(f"{path}: expected at most {MAX_RULES} alerting rules; the rest is left out")
            break
    return rules[:MAX_RULES], problems


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if not place.exists():
            raise UsageError(f"rules {place}: expected a file of alerting rules or a folder of them; there is none")
        yield from [place] if place.is_file() else _within(place, MAX_DEPTH)


def _within(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and depth > 1:
            yield from _within(path, depth - 1)
        elif path.is_file() and path.suffix in (".yaml", ".yml", ".json"):
            yield path


def _rules(plain: Any) -> Iterator[AlertRule]:
    """Yield the alerting rules of a decoded file; any other shape has none.

    >>> plain = {"groups": [{"rules": [{"alert": "DiskFull", "expr": "x > 1", "annotations": {"runbook": "disk.md"}}]}]}
    >>> list(_rules(plain))
    [AlertRule(name='DiskFull', expression='x > 1', text='', link='disk.md')]
    """
    spec = _mapping(_mapping(plain).get("spec")) or _mapping(plain)
    for group in _items(spec.get("groups")):
        for rule in _items(_mapping(group).get("rules")):
            name = _mapping(rule).get("alert")
            if isinstance(name, str) and name:
                yield _rule(name, rule)


def _rule(name: str, rule: dict[str, Any]) -> AlertRule:
    annotations, labels = _mapping(rule.get("annotations")), _mapping(rule.get("labels"))
    texts = (annotations.get(key) for key in ("summary", "title", "message", "description"))
    text = "\n".join(_TEMPLATE.sub(" ", one[:MAX_TEXT]) for one in texts if isinstance(one, str))
    expression = rule.get("expr")
    links = (source.get(key) for source in (annotations, labels) for key in NAMES)
    link = next((one for one in links if isinstance(one, str) and one), "")
    return AlertRule(name[:MAX_TEXT], expression[:MAX_TEXT] if isinstance(expression, str) else "", text, link)


def _mapping(plain: Any) -> dict[str, Any]:
    return plain if isinstance(plain, dict) else {}


def _items(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else []
