"""The meaning of an alert's name: its type (aliases resolved), its class, and its harm.

A first-match word list, kept as data in `lexicon.yaml` for operators to extend. Cost: one dict look-up for a known name
(about .1 µs), some 50 µs for a new one; memory is bounded by `CACHE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from aiops.errors import UsageError

# What an entity itself suffers; the other classes are what its users and callers see of it.
INTERNAL = frozenset({"resource", "state", "network", "log", "other"})
# Only these carry blame along the dependencies: traffic moves with demand, not with faults.
BLAMED = frozenset({"latency", "error"})
CLASSES = (*sorted(INTERNAL), "latency", "error", "traffic", "host")
MACHINES = frozenset({"host", "node", "machine", "vm", "server", "hypervisor", "instance_host", "worker"})

# Symptoms that move the good way (latency down) happen beside faults but seldom on what caused them.
BENIGN = 0.2
# Distinct names remembered; a shop has hundreds to a few thousand. Past it the cache starts again.
CACHE = 8192
# Longer names are cut before they are read: names come from payloads.
MAX_NAME = 256

_WORD = re.compile(r"[0-9]+[a-z]*|[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z]+[0-9]*")
_DIGITS = re.compile(r"[0-9]+")
_ENDING = re.compile(r":(up|down)$")


class Reading(NamedTuple):
    """The meaning of a name.

    `type` identifies it, `direction` is up, down or empty, `harm` is 1 or `BENIGN`.
    """

    type: str
    cls: str
    direction: str
    harm: float


class ClassWords(Struct, rename={"cls": "class"}, forbid_unknown_fields=True):
    """One entry of the file: the words that stand for a class."""

    cls: str
    words: list[str]


class LexiconFile(Struct, forbid_unknown_fields=True):
    """The file format; every part may be left out of an operator's own."""

    version: int = 1
    drop: list[str] = []
    up: list[str] = []
    down: list[str] = []
    good_when_high: list[str] = []
    entry: list[str] = []
    classes: list[ClassWords] = []


class Lexicon:
    """Reads names; the operator's own words have precedence over the shipped ones."""

    def __init__(self, own: LexiconFile | None = None) -> None:
        """Put the words of both files together."""
        shipped, extra = _shipped(), own or LexiconFile()
        # The operator's own and the shipped ones, as in the files.
        self.words = (extra, shipped)
        self._drop = frozenset(extra.drop + shipped.drop)
        self._up = frozenset(extra.up + shipped.up)
        self._down = frozenset(extra.down + shipped.down)
        self._good = [_pattern(words) for words in extra.good_when_high + shipped.good_when_high]
        self._entry = [_pattern(words) for words in extra.entry + shipped.entry]
        self._classes = [
            (entry.cls, [_pattern(words) for words in entry.words]) for entry in (*extra.classes, *shipped.classes)
        ]
        self._cache: dict[tuple[str, bool], Reading] = {}
        # Of names: whether they watch the site as users do.
        self._watches: dict[str, bool] = {}

    def read(self, name: str, on_machine: bool = False) -> Reading:
        """Read `name`; `on_machine` is true on a host, whose own metrics are no neighbour's.

        >>> Lexicon().read("docker_cpu_core_3_norm_pct:up")
        Reading(type='docker cpu core # pct:up', cls='resource', direction='up', harm=1.0)
        >>> Lexicon().read("PodServerLatencyP90(s):down")[1:]
        ('latency', 'down', 0.2)
        """
        found = self._cache.get((name, on_machine))
        if found is None:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            found = self._cache[name, on_machine] = self._read(name[:MAX_NAME], on_machine)
        return found

    def is_entry(self, name: str) -> bool:
        """Return True for an alert that watches the site as users do: a probe, a check, an objective.

        >>> Lexicon().is_entry("BlackboxProbeSlow"), Lexicon().is_entry("HighRequestLatency")
        (True, False)
        """
        found = self._watches.get(name)
        if found is None:
            if len(self._watches) >= CACHE:
                self._watches.clear()
            words = split(name[:MAX_NAME])
            found = self._watches[name] = any(_holds(words, pattern) for pattern in self._entry)
        return found

    def _read(self, name: str, on_machine: bool) -> Reading:
        ending = _ENDING.search(name)
        stem = name[: ending.start()] if ending else name
        words = split(stem)
        direction = ending.group(1) if ending else self._direction(words)
        cls = self._class(words, on_machine)
        kept = [word for word in words if word not in self._drop] or [stem.lower()]
        if cls != "log":
            # Elsewhere a number identifies a core or disk; in a log alert it is the template, which is its very type.
            kept = [_DIGITS.sub("#", word) for word in kept]
        type_ = " ".join(kept) + (f":{direction}" if ending else "")
        return Reading(type_, cls, direction, self._harm(cls, words, direction))

    def _direction(self, words: list[str]) -> str:
        """Return the direction of the last word that has one: "HighErrorRate", "throughput_drop"."""
        for word in reversed(words):
            if word in self._up:
                return "up"
            if word in self._down:
                return "down"
        return ""

    def _class(self, words: list[str], on_machine: bool) -> str:
        for cls, patterns in self._classes:
            if cls == "host" and on_machine:
                continue
            if any(_holds(words, pattern) for pattern in patterns):
                return cls
        return "other"

    def _harm(self, cls: str, words: list[str], direction: str) -> float:
        if cls not in BLAMED or not direction:
            return 1.0
        good = any(_holds(words, pattern) for pattern in self._good)
        return BENIGN if (direction == "up") == good else 1.0


def split(name: str) -> list[str]:
    """The words of a name in lower case.

    >>> split("KubePodNotReady"), split("http_5xx.rate-p99")
    (['kube', 'pod', 'not', 'ready'], ['http', '5xx', 'rate', 'p99'])
    """
    return [word.lower() for word in _WORD.findall(name)]


def load_lexicon(given: Any) -> Lexicon:
    """Load a lexicon with the operator's own words.

    A path, a mapping (of the file's form, or just words to class), or None. Raise `UsageError` with the position of
    what does not fit.
    """
    if given is None:
        return Lexicon()
    place = str(given) if isinstance(given, (str, Path)) else "lexicon"
    try:
        if isinstance(given, Mapping) and all(isinstance(value, str) for value in given.values()):
            own = LexiconFile(classes=[ClassWords(cls, [words]) for words, cls in given.items()])
        elif isinstance(given, Mapping):
            own = msgspec.convert(given, LexiconFile)
        else:
            own = msgspec.yaml.decode(Path(given).read_bytes(), type=LexiconFile)
    except OSError as error:
        raise UsageError(f"lexicon {place}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as error:
        raise UsageError(f"lexicon {place}: {error}") from error
    _check(own, place)
    return Lexicon(own)


def _check(own: LexiconFile, place: str) -> None:
    for index, entry in enumerate(own.classes):
        if entry.cls not in CLASSES:
            raise UsageError(
                f"lexicon {place}: $.classes[{index}].class: expected one of {', '.join(CLASSES)}; got {entry.cls!r}"
            )


@cache
def _shipped() -> LexiconFile:
    return msgspec.yaml.decode(files(__package__).joinpath("lexicon.yaml").read_bytes(), type=LexiconFile)


def _pattern(words: str) -> tuple[str, ...]:
    return tuple(words.lower().split())


def _holds(words: list[str], pattern: tuple[str, ...]) -> bool:
    """Return True if the words of the pattern follow each other somewhere in the name."""
    last = len(words) - len(pattern)
    return any(all(map(_fits, words[start:], pattern)) for start in range(last + 1))


def _fits(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def types_of(names: Iterable[str], lexicon: Lexicon) -> list[str]:
    """The types of names, in order."""
    return [lexicon.read(name).type for name in names]
