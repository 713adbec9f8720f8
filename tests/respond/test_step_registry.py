"""Kinds of steps: found once, refused one by one, and named in the errors of playbooks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from aiops import registry
from aiops.errors import UsageError
from aiops.respond import step_registry
from aiops.respond.catalogue import PlaybookError, read_playbook
from aiops.respond.http_kinds import Http, HttpKind
from aiops.respond.step_registry import Kinds, installed, kind_of, names, stand_in, system_of, usable
from tests.respond.sample_file import GOOD, write
from tests.respond.sample_kind import Recycle, RecycleKind, recycling


class Elsewhere(RecycleKind):
    """A kind with a name that is not the tag of its form."""

    kind = "elsewhere"


class Twin(HttpKind):
    """A kind that would replace a built-in one."""


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kinds of somebody else, some of which are none."""
    found = {"recycle": RecycleKind, "elsewhere": Elsewhere, "http": Twin, "none": dict}
    points = [EntryPoint(name, f"{__name__}:x", "aiops.steps") for name in (*found, "broken")]

    def load(self: EntryPoint) -> Any:
        if self.name == "broken":
            raise RuntimeError("boom")
        return found[self.name]

    monkeypatch.setattr(EntryPoint, "load", load)
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(points).select(group=group))
    installed.cache_clear()
    yield
    installed.cache_clear()


@pytest.mark.usefixtures("third_party")
def test_a_plugin_that_cannot_serve_is_left_out_with_its_reason() -> None:
    found = installed()
    assert isinstance(found.kinds["recycle"], RecycleKind)
    assert type(found.kinds["http"]) is HttpKind
    assert found.problems == {
        "broken": "RuntimeError: boom",
        "elsewhere": "aiops.steps: 'elsewhere': expected `kind` and the tag of its form to be 'elsewhere'",
        "http": "aiops.steps: 'http': there is a kind of this name already; choose another",
        "none": f"aiops.steps: 'none': expected a subclass of aiops.step_kinds.kind.StepKind; got {dict!r}",
    }


@pytest.mark.parametrize("name", ["manual", "alert-resolved"])
def test_steps_of_people_and_of_the_engine_cannot_be_replaced(name: str) -> None:
    with pytest.raises(UsageError, match="there is a kind of this name already"):
        usable(name, RecycleKind, Kinds({}, {}))


def test_kinds_of_one_system_have_one_class_of_options() -> None:
    class Other(RecycleKind):
        """Another kind of the same system."""

        Options = HttpKind.Options

    with pytest.raises(UsageError, match="expected the Options of 'recycle'"):
        usable("recycle", Other, Kinds({"first": RecycleKind()}, {}))


def test_the_system_of_a_step_has_the_name_of_its_kind_by_default() -> None:
    with recycling():
        step = Recycle(name="recycle", worker="a")
        assert system_of(step) == ("pool", "pool")
        assert system_of(Recycle(name="recycle", worker="a", system="other")) == ("other", "pool")
        shown = stand_in(step)
        assert shown is not None
        assert shown.url == "https://<pool>"
        assert kind_of(step).prepare(step, {}, shown).url == "https://<pool>/workers/a"
    assert system_of(Http(name="call", url="https://x.example")) is None
    assert stand_in(Http(name="call", url="https://x.example")) is None


@pytest.mark.parametrize("part", ["preconditions", "steps", "verify", "rollback", "diagnosis"])
def test_an_unknown_kind_is_refused_with_those_that_are_known(tmp_path: Path, part: str) -> None:
    head = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{part}:"))
    place = {"preconditions": "precondition", "steps": "step"}.get(part, part)
    with pytest.raises(PlaybookError) as caught:
        read_playbook(write(tmp_path, f"{head}\n{part}: [{{kind: shell, name: x}}]\n"))
    assert f"$.{part}[0].kind: unknown kind 'shell' (use " in str(caught.value)
    assert all(name in str(caught.value) for name in names(place))  # type: ignore[arg-type]


def test_a_kind_that_could_not_be_loaded_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(installed().problems, "shell", "needs a package that is not installed")
    with pytest.raises(PlaybookError, match=r"\$\.steps\[0\]\.kind: needs a package"):
        read_playbook(write(tmp_path, GOOD.replace("steps: [{kind: manual, name: do}]", "steps: [{kind: shell}]")))


def test_nothing_but_http_and_webhook_is_needed_from_elsewhere() -> None:
    assert step_registry.kind_named("http") is installed().kinds["http"]
    with pytest.raises(UsageError, match="'shell' is not installed"):
        step_registry.kind_named("shell")
