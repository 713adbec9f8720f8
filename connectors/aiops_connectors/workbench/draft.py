"""A first mapping from samples: fields are guessed by names, then by values; each guess is visible.

Words for states and severities become explicit tables of what the samples hold, with a comment beside each word whose
meaning had to be assumed. The draft passes its own checks; a person decides if it is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import yaml
from msgspec import Struct, field

from aiops.errors import RecordError, UsageError
from aiops.records import Alert
from aiops.records.severity import find_severity
from aiops.wording import yaml_quoted
from aiops_connectors.lines.subject import subject_state
from aiops_connectors.mapping.expressions import text
from aiops_connectors.mapping.mapping import Mapping, MappingFile
from aiops_connectors.mapping.states import state_of
from aiops_connectors.mapping.times import parse_time
from aiops_connectors.payloads.documents import document
from aiops_connectors.workbench.recorded_request import request
from aiops_connectors.workbench.samples import NOW, identity
from aiops_connectors.workbench.value_guesses import guessed_by_value

# Keys deeper or later than this are details of the tool, and a draft of hundreds of lines is read by nobody.
MAX_DEPTH, MAX_PATHS, MAX_WORDS = 4, 400, 50
# The last part of a key, without case and separators, by what it usually holds; the best name first.
NAMES: dict[str, tuple[str, ...]] = {
    "name": (
        *("alertname", "rulename", "checkname", "monitorname", "title", "name", "summary", "subject", "event"),
        *("message", "description", "text"),
    ),
    "key": ("fingerprint", "dedupkey", "alertid", "incidentid", "problemid", "issueid", "checkid", "monitorid"),
    "status": ("status", "state", "alertstatus", "transition", "action", "eventtype", "condition"),
    "severity": ("severity", "priority", "level", "urgency", "criticality"),
    "entity": ("host", "hostname", "instance", "pod", "node", "device", "server", "resource", "entity", "target"),
    "service": ("service", "servicename", "application", "app", "component", "project"),
    "message": ("message", "description", "details", "text", "body", "reason", "output", "summary"),
    "ts": ("timestamp", "ts", "time", "occurredat", "updatedat", "datetime", "date", "eventtime"),
    "starts_at": ("startsat", "startedat", "firedat", "triggeredat", "openedat", "createdat", "start"),
    "ends_at": ("endsat", "endedat", "resolvedat", "closedat", "end"),
    "url": ("url", "link", "permalink", "htmlurl", "weburl", "alerturl"),
}
# The schema that `aiops connectors new` writes beside the mapping, for editors.
SCHEMA_FILE = "mapping.schema.json"
LISTS = ("alerts", "events", "incidents", "problems", "issues", "messages", "records", "items", "data")
LABELS = ("labels", "tags", "attributes", "dimensions")
_TIMES = ("ts", "starts_at", "ends_at")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_ -]{0,99}")
_PLAIN_YAML = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_YAML_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))
_DOTS = re.compile(r"[^a-z0-9]")


class Draft(Struct):
    """The texts of the two files, and for a person: the path of each field, and what to check."""

    mapping: str
    samples: str
    guesses: dict[str, str]
    checks: list[str] = field(default_factory=list)


class _Leaf(NamedTuple):
    path: str
    key: str
    value: Any
    depth: int


def draft_of_files(name: str, files: Sequence[bytes]) -> Draft:
    """Return a mapping for recorded requests of one form; see `draft`.

    Each is a body (JSON, a form, XML, text), or a whole request with its head.
    """
    payloads: list[Any] = []
    cases: list[dict[str, Any]] = []
    for number, raw in enumerate(files):
        try:
            payload, case = _opened(raw)
        except RecordError as error:
            raise UsageError(f"sample {number}: {error}; save the request with its head to state its type") from None
        payloads.append(payload)
        cases.append(case)
    return draft(name, payloads, cases)


def _opened(raw: bytes) -> tuple[Any, dict[str, Any]]:
    """Return the document of a request, and its sample."""
    given = request(raw)
    body, origin = given.opened()
    if not body and origin.query:
        return dict(origin.query), {"query": given.query, "method": given.method}
    kind = given.headers.get("content-type", "")
    payload = document(body, kind, [])
    if body.lstrip()[:1] in (b"{", b"["):
        return payload, {"payload": payload}
    return payload, {"body": body.decode("utf-8", "replace"), **({"content_type": kind} if kind else {})}


def draft(name: str, payloads: Sequence[Any], cases: Sequence[dict[str, Any]] | None = None) -> Draft:
    """Return a mapping for payloads of one form; raise `UsageError` for payloads without any value.

    `cases` state the requests of the payloads in the sample file, where they are not JSON.
    """
    cases = cases or [{"payload": payload} for payload in payloads]
    items_key, items = _items(payloads)
    leaves = [leaf for item in items for leaf in _leaves(item)]
    by_name = {field: path for field in NAMES if (path := _guess(field, leaves))}
    by_value = guessed_by_value(by_name, [(leaf.path, leaf.value) for leaf in leaves])
    both = by_name | by_value
    guesses = {field: both[field] for field in NAMES if field in both}
    if "name" not in guesses:
        raise UsageError("sample: expected a payload with a text or a number in it; got none")
    titles = [text(leaf.value) or "" for leaf in leaves if leaf.path == guesses["name"]]
    in_title = "status" not in guesses and any(subject_state(title) is not None for title in titles)
    checks = [f"{field}: guessed by its values at {path}" for field, path in by_value.items()]
    checks += _missing(guesses, in_title)
    rule = [*_rule(items_key, guesses, in_title), *_labels(items)]
    written = "\n".join([*_head(name, guesses), *_tables(guesses, leaves, checks), *rule]) + "\n"
    mapping = Mapping(msgspec.yaml.decode(written, type=MappingFile))
    return Draft(written, _samples(mapping, payloads, cases, guesses, checks), guesses, checks)


def _items(payloads: Sequence[Any]) -> tuple[str, list[dict[str, Any]]]:
    """Return the key of the list that holds the alerts (empty: the payload is one), and the alerts."""
    roots = [root for payload in payloads for root in (payload if isinstance(payload, list) else [payload])]
    roots = [root for root in roots if isinstance(root, dict)]
    if not roots:
        raise UsageError("sample: expected a JSON object, or a list of them; send one request's body")
    lists = [
        key
        for key in sorted(roots[0], key=lambda key: LISTS.index(key) if key in LISTS else len(LISTS))
        if _PLAIN_KEY.fullmatch(str(key))
        and _objects(roots[0][key])
        and _guess("name", list(_leaves(_objects(roots[0][key])[0])))
    ]
    if lists and (lists[0] in LISTS or not _guess("name", list(_leaves(roots[0])))):
        return lists[0], [item for root in roots for item in _objects(root.get(lists[0]))]
    return "", roots


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _leaves(item: dict[str, Any]) -> Iterator[_Leaf]:
    """Yield the scalars of an item with their paths, the shallow ones first, at most `MAX_PATHS`."""
    level: list[tuple[str, dict[str, Any]]] = [("", item)]
    count = 0
    for depth in range(MAX_DEPTH):
        deeper: list[tuple[str, dict[str, Any]]] = []
        for prefix, inside in level:
            for key, value in inside.items():
                path = _joined(prefix, str(key))
                if path is None:
                    continue
                if isinstance(value, dict):
                    deeper.append((path, value))
                elif text(value) is not None and count < MAX_PATHS:
                    count += 1
                    yield _Leaf(path, _DOTS.sub("", str(key).lower()), value, depth)
        level = deeper


def _joined(prefix: str, key: str) -> str | None:
    """Return the path of a key; None for one that the path language cannot name."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{prefix}.{key}" if prefix else key
    if not key.isprintable() or '"' in key or len(key) > 100 or not key:
        return None
    return f'{prefix}["{key}"]'


def _guess(field: str, leaves: Sequence[_Leaf]) -> str:
    """Return the path of the best candidate: by its name, then by its depth; empty without one."""
    fitting = [leaf for leaf in leaves if leaf.key in NAMES[field] and _fits(field, leaf.value)]
    best = min(fitting, key=lambda leaf: (NAMES[field].index(leaf.key), leaf.depth), default=None)
    return best.path if best is not None else ""


def _fits(field: str, value: Any) -> bool:
    if field in _TIMES:
        return parse_time(value) is not None
    if field == "url":
        return isinstance(value, str) and value.startswith(("http://", "https://"))
    return not isinstance(value, bool)


def _missing(guesses: dict[str, str], in_title: bool) -> list[str]:
    checks = []
    if "key" not in guesses:
        checks.append(
            "key: no id was found that stays the same from firing to resolved; the identity is made of labels"
        )
    if in_title:
        checks.append("status: no field was found; the state is read in the title, which is the name without it")
    elif "status" not in guesses:
        checks.append("status: no field was found; every payload fires, and alerts end by silence")
    if "severity" not in guesses:
        checks.append("severity: no field was found; every alert is a warning")
    if not {"ts", "starts_at"} & guesses.keys():
        checks.append("ts: no time was found; the time of receipt is taken")
    if "entity" not in guesses:
        checks.append("entity: no host, pod or resource was found; the identity is made of name and labels")
    return checks


def _head(name: str, guesses: dict[str, str]) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA_FILE}"
    yield "# Drafted from samples. Check each path, and each word in the tables; then remove these comments."
    yield "apiVersion: aiops/v1"
    yield "kind: Mapping"
    yield f"name: {_yaml(name)}"
    yield f"summary: {_yaml(name + ' notifications.')}"
    if {"status", "severity"} & guesses.keys():
        yield "tables:"


def _rule(items_key: str, guesses: dict[str, str], in_title: bool) -> Iterator[str]:
    yield "rules:"
    yield f"  - when: [{{path: {_yaml(items_key or guesses['name'])}, present: true}}]"
    if items_key:
        yield f"    items: {_yaml(items_key)}"
    for field_name, path in guesses.items():
        if field_name == "name" and in_title:
            yield f"    name: {{path: {_yaml(path)}, step: subject_core}}"
            yield f"    status: {{path: {_yaml(path)}, step: subject_state}}"
            continue
        table = {"status": "states", "severity": "severities"}.get(field_name)
        yield f"    {field_name}: " + (f"{{path: {_yaml(path)}, table: {table}}}" if table else _yaml(path))


def _tables(guesses: dict[str, str], leaves: Sequence[_Leaf], checks: list[str]) -> Iterator[str]:
    """Yield the tables of the words that the samples hold, an assumed meaning marked in a comment."""
    for field_name, table in (("status", "states"), ("severity", "severities")):
        if field_name not in guesses:
            continue
        yield f"  {table}:"
        values = (text(leaf.value) for leaf in leaves if leaf.path == guesses[field_name])
        for word in sorted({value.lower()[:64] for value in values if value})[:MAX_WORDS]:
            meaning, is_known = _meaning(field_name, word)
            yield f"    {yaml_quoted(word)}: {meaning}" + ("" if is_known else "  # CHECK: an unknown word")
            if not is_known:
                checks.append(f"{field_name}: the meaning of {json.dumps(word)} is not known; {meaning} was assumed")
        if field_name == "status":
            yield "    # Add the other words of the tool. A word that is not here is looked up among the common ones."


def _meaning(field_name: str, word: str) -> tuple[str, bool]:
    if field_name == "status":
        state = state_of(word)
        return state or "firing", state is not None
    level = find_severity(word)
    return (level.label, True) if level is not None else ("warning", False)


def _labels(items: Sequence[dict[str, Any]]) -> Iterator[str]:
    copied = [key for key in LABELS if any(isinstance(item.get(key), dict) for item in items)]
    tags = [key for key in LABELS if any(isinstance(item.get(key), list) and not _objects(item[key]) for item in items)]
    if not copied and not tags:
        return
    yield "    # Labels are part of the identity: drop those whose values change while an alert fires."
    yield "    labels:"
    if copied:
        yield f"      copy: [{', '.join(copied)}]"
    if tags:
        yield f"      tags: [{', '.join(tags)}]"


def _yaml(path: str) -> str:
    plain = _PLAIN_YAML.fullmatch(path) and path.lower() not in _YAML_WORDS
    return path if plain else yaml_quoted(path)


def _samples(
    mapping: Mapping,
    payloads: Sequence[Any],
    given: Sequence[dict[str, Any]],
    guesses: dict[str, str],
    checks: list[str],
) -> str:
    """Return the sample file: each payload with the records that the draft makes of it."""
    cases: list[dict[str, Any]] = []
    alerts: list[Alert] = []
    for payload, stated in zip(payloads, given, strict=True):
        records, problems = mapping.apply(payload, {}, None, NOW)
        made = [record for record in records if isinstance(record, Alert)]
        alerts += made[:1]
        case: dict[str, Any] = {**stated, "alerts": [_expected(alert, guesses) for alert in made]}
        if problems:
            case["problem"] = problems[0].reason
            checks.append(f"sample: {problems[0].place}: {problems[0].reason}")
        cases.append(case)
    statuses = [alert.status for alert in alerts]
    if statuses == ["firing", "resolved"] and identity(alerts[0]) == identity(alerts[1]):
        cases = [{"pair": "a", **case} for case in cases]
    else:
        checks.append("sample: no pair of firing and resolved with one identity; add the payload of the end")
    head = "# Expected records as the draft makes them. Check them against what the tool means.\n"
    return head + yaml.safe_dump(cases, sort_keys=False, width=120, default_flow_style=None)


def _expected(alert: Alert, guesses: dict[str, str]) -> dict[str, Any]:
    names = ["name", "status", "severity", "entity", "service", "key", "starts_at", "ends_at", "url"]
    # Without a time in the payload, that of the receipt stands there.
    names += ["ts"] if "ts" in guesses else []
    return {name: value for name in names if (value := getattr(alert, name)) is not None}
