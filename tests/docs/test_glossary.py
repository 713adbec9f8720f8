"""docs/glossary.md defines each word that the product shows, and its retired words are nowhere in names or help."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct
from typer.main import get_command
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.config import Config
from aiops.daemon.status import Status as DaemonStatus
from aiops.engine.events import DISPOSITIONS, IncidentChange
from aiops.records import model as records
from aiops.records.severity import Severity
from aiops.respond.history import RunState
from aiops.store.outbox import STATES
from tests.prose import ROOT, identifiers

PAGE = ROOT / "docs/glossary.md"
VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "misc", "common"}
# Command groups are plurals of terms, or name what they hold in plain English.
PLAIN_COMMANDS = {"config", "demo", "engine", "explain", "send", "simulate"}
_METRIC = re.compile(r"`(aiops_[a-z_]+)`")
_ROW = re.compile(r"^\| (?P<terms>[^|]+) \| (?P<meaning>[^|]+) \| (?P<retired>[^|]*)\|$", re.MULTILINE)


def rows() -> list[re.Match[str]]:
    """All rows of the glossary, headers left out."""
    found = [row for row in _ROW.finditer(PAGE.read_text(encoding="utf-8")) if row["terms"] not in ("term", "---")]
    assert len(found) > 80
    return found


TERMS = {term.strip(" `") for row in rows() for term in row["terms"].split(",")}
RETIRED = {word for row in rows() for word in re.findall(r"`([^`]+)`", row["retired"])}


def kinds() -> list[str]:
    """The kinds of records."""
    return [str(kind.__struct_config__.tag) for kind in get_args(records.Record)]


def literals(kind: type[Struct], field: str) -> list[str]:
    """The values that a field may have, None left out."""
    return [value for one in get_args(get_type_hints(kind)[field]) for value in get_args(one)]


def commands() -> dict[str, Any]:
    """All commands and groups by their whole name."""
    found: dict[str, Any] = {}

    def walk(command: Any, name: str) -> None:
        found[name] = command
        for key, one in getattr(command, "commands", {}).items():
            walk(one, f"{name} {key}")

    walk(get_command(app), "aiops")
    return found


COMMANDS = commands()


def retired_in(text: str) -> set[str]:
    """The retired words of a text or of a name."""
    return RETIRED & set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()))


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(kinds(), id="record kinds"),
        pytest.param(DISPOSITIONS, id="dispositions"),
        pytest.param([level.label for level in Severity], id="severities"),
        pytest.param(literals(records.Incident, "status"), id="incident statuses"),
        pytest.param(get_args(records.Status), id="alert statuses"),
        pytest.param(get_args(IncidentChange), id="incident changes"),
        pytest.param(STATES, id="notification states"),
        pytest.param(get_args(RunState), id="run states"),
        pytest.param(get_args(DaemonStatus), id="daemon states"),
    ],
)
def test_a_value_that_is_shown_is_defined(shown: list[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert shown
    assert [value for value in shown if value not in TERMS and f"`{value}`" not in text] == []


def test_a_command_group_is_a_term() -> None:
    groups = [name.split()[1] for name in COMMANDS if name.count(" ") == 1]
    singular = {word.replace("-", " "): word.replace("-", " ").removesuffix("s") for word in groups}
    unknown = [word for word, one in singular.items() if not {word, one} & (TERMS | PLAIN_COMMANDS)]
    assert unknown == []


def test_a_term_is_defined_once() -> None:
    terms = [row["terms"] for row in rows()]
    assert sorted({term for term in terms if terms.count(term) > 1}) == []


def test_a_retired_word_is_no_term() -> None:
    assert len(RETIRED) > 5
    assert set() == RETIRED & TERMS


def test_a_retired_word_is_in_no_command() -> None:
    texts = {name: f"{name} {command.help or ''}" for name, command in COMMANDS.items()}
    for name, command in COMMANDS.items():
        texts |= {f"{name} {one.name}": f"{one.opts[0]} {getattr(one, 'help', '')}" for one in command.params}
    assert {name: found for name, text in texts.items() if (found := retired_in(text))} == {}


def test_a_retired_word_is_in_no_metric() -> None:
    lines = (ROOT / "docs/metrics.md").read_text(encoding="utf-8").splitlines()
    assert {line: found for line in lines if _METRIC.search(line) and (found := retired_in(line))} == {}


# Keys that are in configuration files of users.
KEPT_KEYS = {"incidents.lone_warning_s", "detect.metric_calm", "dedup.flap_calm_s"}


def test_a_retired_word_is_in_no_new_configuration_key() -> None:
    keys = [
        f"{section}.{key}"
        for section, kind in get_type_hints(Config).items()
        for key in getattr(kind, "__struct_fields__", ())
    ]
    assert len(keys) > 50
    assert {key for key in keys if retired_in(key)} == KEPT_KEYS


def shipped() -> list[Path]:
    """All Python files that are shipped."""
    return [path for top in ("aiops", "connectors", "models") for path in sorted((ROOT / top).rglob("*.py"))]


def test_a_module_is_named_for_what_it_holds() -> None:
    names = {str(path.relative_to(ROOT)): {path.stem, path.parent.name} for path in shipped()}
    assert [name for name, words in names.items() if VAGUE & words or RETIRED & words] == []


# Classes that still bear a retired word: no other may.
LEFT = {"Blame", "Gathered", "NotificationPolicy", "Worth"}


def test_a_public_class_has_no_retired_word() -> None:
    names = [each for path in shipped() for each in identifiers(path) if each.kind == "name"]
    classes = [each for each in names if each.words[:1].isupper() and not each.words.isupper()]
    assert len(classes) > 300
    assert {each.words for each in classes if retired_in(each.words)} <= LEFT


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help_works(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split()[1:], "-h"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
