"""A running daemon as the command line meets it: a store, and a control socket in front of a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner, Result

from aiops.cli.app import app
from aiops.daemon.control import ControlServer
from aiops.daemon.control_handlers import handlers_of
from aiops.engine.events import Feedback
from aiops.records import Action
from tests.web.conftest import NOW, SmallHost


class SocketHost(SmallHost):
    """A host that a control socket asks."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.directory = directory
        self.actions: list[Action] = []
        self.clock = lambda: NOW

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        self.actions.append(action)
        action.ts = NOW
        return super().act(action, timeout_s)


class Desk:
    """The host, its incident, and a command line."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.host = SocketHost(directory)
        self.incident = self.host.seed()

    def run(self, *words: str) -> Result:
        """Run `aiops …` on the state directory."""
        return CliRunner().invoke(app, [*words, "--state", str(self.directory)], env={"COLUMNS": "160"})

    def out(self, *words: str) -> str:
        """What a command prints; it must end well."""
        result = self.run(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output


@contextmanager
def desk_in(directory: Path) -> Iterator[Desk]:
    """A desk whose socket listens within the block."""
    found = Desk(directory)
    control = ControlServer(found.host, handlers_of(found.host))  # type: ignore[arg-type]  # a worker with its endpoints only
    control.start()
    try:
        yield found
    finally:
        control.stop(60.0)
        found.host.runs.close()
        found.host.store.close()
