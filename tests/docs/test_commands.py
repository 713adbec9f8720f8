"""docs/cli.md names every command with its parameters; every command that any page mentions exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from aiops.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "models/cards").glob("*.md")])
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
_SPAN = re.compile(r"`([^`\n]+)`")
_STOPS = ("|", ">", "<", "#", "&&", ";", "2>&1")


class Mention(NamedTuple):
    """A command line on a page."""

    place: str
    words: list[str]


def commands() -> dict[str, Any]:
    """All commands that do something, by their whole name."""
    found: dict[str, Any] = {}

    def walk(command: Any, name: str) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[name] = command
        for key, one in (inner or {}).items():
            walk(one, f"{name} {key}")

    walk(get_command(app), "aiops")
    return found


COMMANDS = commands()


def lines_of(page: Path) -> Iterator[tuple[int, str]]:
    """What stands as code on a page: lines of fenced blocks, and inline spans."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield number, line
        else:
            yield from ((number, span) for span in _SPAN.findall(line))


def mentions(program: str) -> list[Mention]:
    found = []
    for page in PAGES:
        for number, line in lines_of(page):
            text = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if text.startswith(f"{program} "):
                try:
                    words = shlex.split(text)
                except ValueError:
                    words = text.split()
                found.append(Mention(f"{page.relative_to(ROOT)}:{number}", words))
    return found


def problem(words: list[str]) -> str:
    """Why a command line would be refused; empty when it would not."""
    stop = next((at for at, one in enumerate(words) if one.startswith(_STOPS)), len(words))
    words = [word.strip("[]").rstrip("…") for word in words[:stop]]
    if len(words) == 1 or words[1] in ("COMMAND", "--help", "--version"):
        return ""
    groups = {name.rsplit(" ", 1)[0] for name in COMMANDS}
    prefix = f"aiops {words[1]}"
    if prefix in COMMANDS:
        names, rest = [prefix], words[2:]
    elif prefix in groups:
        names, rest = [f"{prefix} {verb}" for verb in (words[2].split("|") if len(words) > 2 else [])], words[3:]
    else:
        return f"there is no command {prefix!r}"
    for name in names:
        if name not in COMMANDS:
            return f"there is no command {name!r}"
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
        if unknown:
            return f"{name} has no {', '.join(unknown)}"
    return ""


def parameters(command: Any) -> list[tuple[str, str]]:
    """The names of a command's parameters with their defaults, as the page writes them."""
    return [(_name(parameter), _default(parameter)) for parameter in command.params]


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.opts[0].upper()) + ("…" if parameter.nargs == -1 else "")
    return ", ".join(parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or parameter.default == ():
        return "none"
    return "off" if parameter.default is False else str(parameter.default)


def test_every_command_has_a_section(root: Path) -> None:
    headings = re.findall(r"^#{2,3} `(aiops [^`]+)`$", (root / "docs/cli.md").read_text(encoding="utf-8"), re.MULTILINE)
    groups = {name.rsplit(" ", 1)[0] for name in COMMANDS if name.count(" ") == 2}
    assert sorted(headings) == sorted([*COMMANDS, *groups])


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.params])
def test_every_parameter_with_its_default(name: str, tables: Callable[[str], list[Any]]) -> None:
    [table] = [table for table in tables("cli.md") if table.heading == f"`{name}`"]
    assert [(row[0].strip("`"), row[1].strip("`")) for row in table.rows] == parameters(COMMANDS[name])
    assert [row[2].replace("\\|", "|") for row in table.rows] == [one.help for one in COMMANDS[name].params]


def test_help_names_what_it_is_for() -> None:
    unsaid = [name for name, command in COMMANDS.items() if not command.help]
    unsaid += [f"{name} {one.opts[0]}" for name, command in COMMANDS.items() for one in command.params if not one.help]
    assert not unsaid, "\n".join(map(str, unsaid))


def test_commands_on_pages_exist() -> None:
    found = mentions("aiops")
    assert len(found) > 20
    wrong = [f"{place}: {why}" for place, words in found if (why := problem(words))]
    assert not wrong, "\n".join(wrong)


def test_commands_in_messages_exist() -> None:
    """What an error, a help text or a docstring tells a person to type."""
    wrong = []
    for package in ("aiops", "connectors", "models", "playbooks", "examples"):
        for path in sorted([*(ROOT / package).rglob("*.py"), *(ROOT / package).rglob("*.yaml")]):
            for span in _SPAN.findall(path.read_text(encoding="utf-8")):
                why = problem(span.split()) if span.startswith("aiops ") else ""
                wrong += [f"{path.relative_to(ROOT)}: {why}"] if why else []
    assert not wrong, "\n".join(wrong)


def test_a_wrong_command_would_be_noticed() -> None:
    assert problem(["aiops", "incidents", "list", "--everything"]) == "aiops incidents list has no --everything"
    assert problem(["aiops", "incident", "list"]) == "there is no command 'aiops incident'"
    assert problem(["aiops", "outbox", "list|send"]) == "there is no command 'aiops outbox send'"


def test_targets_on_pages_exist() -> None:
    found = [(place, word) for place, words in mentions("make") for word in words[1:2]]
    assert len(found) > 5
    assert [one for one in found if one[1] not in TARGETS] == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            other = page.parent / path if path else page
            if not other.exists() or (anchor and anchor not in anchors(other)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(map(str, broken))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual hosts of Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_files_on_pages_exist() -> None:
    pattern = re.compile(r"(?<![\w/.-])((?:examples|aiops|connectors|models|benchmarks|deploy|tests)/[\w./-]+\.\w+)")
    missing = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page.name == "CONTRIBUTING.md":
            # Its blocks make new files: tests/packaging/test_recipes.py runs them.
            text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        named = pattern.findall(text)
        missing += [f"{page.relative_to(ROOT)}: {path}" for path in named if not (ROOT / path).exists()]
    assert not missing, "\n".join(map(str, missing))
