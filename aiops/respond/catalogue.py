"""Reads playbooks: one YAML file each, strict, with the file and the path of each error."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.matchers import read_matchers
from aiops.respond.format import Playbook
from aiops.respond.http_kinds import Http
from aiops.respond.step_registry import installed, kind_of, name_of, names
from aiops.step_kinds.forms import Form
from aiops.step_kinds.kind import Place
from aiops.yaml_depth import too_deep

# The largest shipped playbook has 8 KB. A larger file is no playbook, and is not parsed.
MAX_FILE_BYTES = 256 * 1024
# People read a catalogue. Beyond this, suggestions also become too expensive for every re-ranking.
MAX_PLAYBOOKS = 2000

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PlaybookError(UsageError):
    """Raised for an unusable playbook file; the message names file, path, expected and actual value."""


class Catalogue(Struct):
    """Playbooks by name, sorted, with their files, and the files that could not be used with the reason."""

    playbooks: dict[str, Playbook] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that refuses repeated keys, which would silently replace earlier ones."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Construct a mapping with distinct keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise PlaybookError(f"line {key.start_mark.line + 1}: expected a text as key; got a list or mapping")
            if key.value in seen:
                raise PlaybookError(f"key {key.value!r} appears twice, again on line {key.start_mark.line + 1}")
            seen.add(str(key.value))
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return made


def decode_yaml(raw: bytes, most: int = MAX_FILE_BYTES) -> Any:
    """Decode YAML without aliases (they let a small file expand to gigabytes) and without repeated keys."""
    if len(raw) > most:
        raise PlaybookError(f"expected at most {most} bytes; got more")
    if fault := too_deep(raw):
        raise PlaybookError(fault)
    try:
        text = raw.decode("utf-8")
        if b"*" in raw or b"&" in raw:
            _refuse_aliases(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except UnicodeDecodeError as error:
        raise PlaybookError(f"expected UTF-8: {error}") from error
    except yaml.YAMLError as error:
        raise PlaybookError(f"expected YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise PlaybookError("expected YAML of a sane depth; it is nested too deeply") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # YAML's own types, made of a text that is none of theirs: the date 2024-13-45, a number of 5,000 digits.
        raise PlaybookError(f"expected YAML of plain values; {error}") from error


def read_playbook(path: Path) -> Playbook:
    """Read the playbook of a file.

    Raise `PlaybookError` with the position of what does not fit the format.
    """
    try:
        return msgspec.convert(_plain(_bytes_of(path)), Playbook)
    except OSError as error:
        raise PlaybookError(f"{path}: {error.strerror or error}") from error
    except msgspec.ValidationError as error:
        raise PlaybookError(f"{path}: {_place(str(error))}") from error
    except PlaybookError as error:
        raise PlaybookError(f"{path}: {error}") from error


# A start reads the catalogue twice, for suggestions and for runs. The shipped one has some 80 files of some kilobytes.
@lru_cache(maxsize=128)
def _plain(raw: bytes) -> Any:
    """Return the plain values of a file; whoever converts them makes new ones."""
    return _with_matchers(decode_yaml(raw))


def _bytes_of(path: Path) -> bytes:
    """Return a file's bytes; never wait for a pipe, nor read more than a playbook may have."""
    if path.exists() and not path.is_file():
        raise PlaybookError("expected a file")
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _with_matchers(plain: Any) -> Any:
    """Replace the conditions that are written as text by matchers; the format checks the rest."""
    match = plain.get("match") if isinstance(plain, dict) else None
    if not isinstance(match, dict):
        return plain
    for name in ("alert", "anyAlert", "noAlert"):
        groups = match.get(name)
        if not isinstance(groups, list):
            continue
        place = f"$.match.{name}"
        match[name] = (
            _conditions(groups, place)
            if name == "alert"
            else [_conditions(one, f"{place}[{at}]") if isinstance(one, list) else one for at, one in enumerate(groups)]
        )
    return plain


def _conditions(group: list[Any], place: str) -> list[Any]:
    made: list[Any] = []
    for at, one in enumerate(group):
        try:
            made.extend(map(msgspec.to_builtins, read_matchers(one)) if isinstance(one, str) else [one])
        except UsageError as error:
            raise PlaybookError(f"{place}[{at}]: {error}") from None
    return made


def read_catalogue(places: Iterable[Path]) -> Catalogue:
    """Read the playbooks of files and directories (`*.yaml`, `*.yml`, not deeper), in order of name.

    A file that does not fit is left out and listed in `problems`. Of two with the same name the first counts.
    """
    made = Catalogue()
    found: dict[str, Playbook] = {}
    for path in _files(places, made.problems):
        if len(found) == MAX_PLAYBOOKS:
            made.problems.append(
                f"{path}: left out, with all later files: a catalogue has at most {MAX_PLAYBOOKS} playbooks"
            )
            break
        try:
            playbook = usable(read_playbook(path), path)
        except PlaybookError as error:
            made.problems.append(str(error))
            continue
        if playbook.name in found:
            made.problems.append(f"{path}: playbook {playbook.name!r} is already in {made.files[playbook.name]}")
            continue
        found[playbook.name] = playbook
        made.files[playbook.name] = str(path)
    made.playbooks = dict(sorted(found.items()))
    return made


def document_text(catalogue: Catalogue, name: str) -> str | None:
    """Return the document of a playbook of a catalogue as it was written; None for another name.

    Raise `PlaybookError` if its file cannot be read any more.
    """
    path = catalogue.files.get(name)
    if path is None:
        return None
    try:
        return _bytes_of(Path(path)).decode("utf-8", "replace")
    except OSError as error:
        raise PlaybookError(f"playbook {name}: its file cannot be read any more ({error.strerror or error})") from error


def usable(playbook: Playbook, path: Path) -> Playbook:
    """Return the playbook; raise `PlaybookError` for one that no run may execute.

    That is one with a check that may change something. Preconditions are checked before a run is recorded, other checks
    after it, both without a rollback.
    """
    for part in ("preconditions", "verify"):
        for index, step in enumerate(getattr(playbook, part)):
            if isinstance(step, Form) and kind_of(step).effect(step).blast != "none":
                raise PlaybookError(f"{path}: $.{part}[{index}]{_that_changes(step)}")
    return playbook


def _that_changes(step: Form) -> str:
    if isinstance(step, Http):
        return f".method: expected GET or HEAD, which change nothing; got {step.method}"
    return f": expected a step that changes nothing; got {step.name!r} of kind {name_of(step)}"


def shipped() -> Path:
    """Return the directory of the shipped catalogue, in the installed package or the source checkout."""
    packaged = Path(str(resources.files("aiops.respond"))) / "catalogue"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[2] / "playbooks"
    if checkout.is_dir():
        return checkout
    raise PlaybookError(
        f"the shipped catalogue is neither in {packaged} nor in {checkout}: reinstall, or name a folder"
    )


def _files(places: Iterable[Path], problems: list[str]) -> list[Path]:
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            files.extend(sorted(path for path in place.iterdir() if path.suffix in (".yaml", ".yml")))
        elif place.is_file():
            files.append(place)
        else:
            problems.append(f"{place}: expected a playbook file or a folder of them; there is none")
    return files


def _refuse_aliases(text: str) -> None:
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise PlaybookError(f"line {line}: YAML aliases are not allowed; write the value out")


def _place(message: str) -> str:
    """Turn `Expected … - at `$.x`` into `$.x: expected …`, for an unknown kind with the known ones."""
    text, at, path = message.rpartition(" - at ")
    if not at:
        text, path = message, "`$`"
    path = path.strip("`")
    found = _STEP_KIND.fullmatch(path)
    if found and text.startswith("Invalid value "):
        given = text.removeprefix("Invalid value ").strip("'")
        text = installed().problems.get(given) or f"Unknown kind {given!r} (use {', '.join(_known(found.group(1)))})"
    return f"{path}: {text[:1].lower()}{text[1:]}"


def _known(part: str) -> list[str]:
    place, others = _PLACES[part]
    return [*others, *names(place)]


# Where a step stands in the document: its place, and the kinds that are no plugins.
_PLACES: dict[str, tuple[Place, tuple[str, ...]]] = {
    "preconditions": ("precondition", ()),
    "diagnosis": ("diagnosis", ("manual",)),
    "steps": ("step", ("manual",)),
    "verify": ("verify", ("manual", "alert-resolved")),
    "rollback": ("rollback", ("manual",)),
}
_STEP_KIND = re.compile(rf"\$\.({'|'.join(_PLACES)})\[[0-9.]+\]\.kind")
