"""`aiops models serving` and its neighbours against a daemon that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aiops.cli.models import models_app
from aiops.config import Config, StateConfig
from aiops.daemon.model_times import ModelTimes
from aiops.lifecycle import Registry, Version
from aiops.model_state import canonical, version_id
from aiops.ports import Received
from tests.daemons import bare_daemon
from tests.engine.serving.models import T0, engine_of, state, storm


class Site:
    """A running daemon of small models, and a registry with one version of the ranker."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.registry = Registry(directory / "models")
        text = canonical(state(bias={"web-1": 9.0}))
        self.id = version_id("learner", text)
        self.registry.put(Version(id=self.id, slot="causes", algorithm="learner"), text)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(models_app, [*arguments, "--state", str(self.directory)])

    def done(self, *arguments: str) -> str:
        found = self.run(*arguments)
        assert found.exit_code == 0, found.exception
        return found.output

    def slot(self) -> dict[str, Any]:
        slots = json.loads(self.done("serving", "--json"))["slots"]
        return next(one for one in slots if one["slot"] == "causes")

    def stage(self) -> str:
        return self.registry.get(self.id).stage


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    config = Config(state=StateConfig(str(tmp_path)))
    daemon = bare_daemon(config, lambda: engine_of(ModelTimes()), clock=lambda: T0 + 100.0)
    daemon.start()
    try:
        # One frame: what comes later by the host's clock is another hour for this one.
        assert daemon.inbox.put(Received(storm(10.0, "db", "web")), 60.0)
        yield Site(tmp_path)
    finally:
        daemon.stop()


def test_shadow_is_begun_shown_and_ended(site: Site) -> None:
    out = site.done("shadow", site.id, "--as", "ann")
    assert f"{site.id} is the shadow of causes" in out
    assert site.stage() == "shadow"
    found = site.slot()["shadow"]
    assert (found["version_id"], found["by"]) == (site.id, "ann")
    told = site.done("serving")
    assert f"shadow of causes: {site.id}, decides nothing" in told
    assert "beside: " in told
    assert "ended after" in site.done("end", "causes", "--role", "shadow")
    assert (site.slot()["shadow"], site.stage()) == (None, "candidate")
    again = site.run("end", "causes", "--role", "shadow")
    assert "causes has no shadow" in str(again.exception)


def test_canary_is_promoted_and_what_served_before_is_restored(site: Site) -> None:
    assert "decides for web, cart" in site.done("canary", site.id, "--service", "web", "--service", "cart")
    assert "where it decides: " in site.done("serving")
    assert f"{site.id} takes the place of " in site.done("promote-trial", "causes", "--role", "canary", "--as", "bob")
    assert (site.slot()["version_id"], site.slot()["by"], site.stage()) == (site.id, "bob", "serving")
    before = site.slot()["previous"]
    site.done("restore", "causes")
    assert site.slot()["version_id"] == before


def test_what_does_not_fit_is_refused(site: Site) -> None:
    for arguments, reason in (
        (("shadow", "learner-nothing"), "expected one of"),
        (("canary", site.id, "--service", " "), "expected 1 to 100 names"),
        (("promote-trial", "causes", "--role", "shadow"), "expected a slot with a shadow"),
        (("restore", "nose"), "SLOT: expected one of"),
        (("restore", "similar"), "nothing to go back to"),
    ):
        found = site.run(*arguments)
        assert found.exit_code != 0
        assert reason in str(found.exception), (arguments, found.exception)
    assert site.stage() == "candidate"


def test_without_a_daemon_nothing_is_begun(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert "no daemon answers" in str(site.run("shadow", site.id).exception)
    assert "no daemon answers" in str(site.run("serving").exception)
    assert site.stage() == "candidate"
