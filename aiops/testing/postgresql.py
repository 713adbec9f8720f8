"""A real PostgreSQL of one node on loopback, for tests: its data do not survive a crash."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from aiops.errors import AiopsError

HOST = "127.0.0.1"
START_TIMEOUT_S = 120.0
ADMIN = "postgres"
# Debian keeps them out of PATH, one directory a version.
_PLACES = ("/usr/lib/postgresql", "/usr/pgsql")
_SETTINGS = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "shared_buffers=16MB"),
    *(
        "max_connections=30",
        "superuser_reserved_connections=1",
        "listen_addresses=127.0.0.1",
        "log_min_messages=warning",
    ),
)
# The owner of the files when root starts the server, which refuses to run as root.
_OWNER = "postgres"


class ServerUnavailable(AiopsError):
    """The machine has no PostgreSQL that can be started."""


class PostgresqlServer:
    """One server; over the socket nobody needs a password, over TCP everybody."""

    def __init__(self, settings: Sequence[str] = ()) -> None:
        """Raise `ServerUnavailable` where its programs are not installed."""
        self.programs = _programs()
        self._settings = [*_SETTINGS, *settings]
        self._process: subprocess.Popen[bytes] | None = None
        # Of its own: the owner of the server cannot enter the directories that pytest makes.
        self.directory = Path(tempfile.mkdtemp(prefix="aiops-pg-"))
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = int(free.getsockname()[1])

    def __enter__(self) -> PostgresqlServer:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()

    @property
    def admin(self) -> str:
        """The connection string of the administrator."""
        return f"host={self.directory} port={self.port} user={ADMIN} dbname=postgres"

    def prepare(self) -> None:
        """Make an empty cluster."""
        if os.geteuid() == 0:
            shutil.chown(self.directory, _OWNER, _OWNER)
        self.run(
            *("initdb", "--pgdata", str(self.directory / "data"), "--username", ADMIN, "--no-sync", "--encoding=UTF8"),
            *("--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-instructions"),
        )

    def start(self) -> None:
        """Start, and return when it takes connections."""
        options = [*self._settings, f"port={self.port}", f"unix_socket_directories={self.directory}"]
        command = self.as_owner([str(self.programs / "postgres"), "-D", str(self.directory / "data")])
        if shutil.which("setpriv") is not None:
            # A test process that is killed takes its server with it.
            command = [*command[:-3], "setpriv", "--pdeathsig", "QUIT", "--", *command[-3:]]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *(part for option in options for part in ("-c", option))], stdout=log, stderr=log
            )
        ready = ["pg_isready", "--quiet", "--host", str(self.directory), "--port", str(self.port)]
        ends = time.monotonic() + START_TIMEOUT_S
        while subprocess.run([str(self.programs / ready[0]), *ready[1:]], check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > ends:
                raise AiopsError(f"PostgreSQL did not start: {(self.directory / 'log').read_text()[-2_000:]}")
            time.sleep(0.02)

    def run(self, program: str, *arguments: str) -> str:
        """Run one of its programs as its owner, and return what it printed."""
        command = self.as_owner([str(self.programs / program), *arguments])
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory, timeout=120)
        if done.returncode:
            raise AiopsError(f"{program}: {done.stderr[-2_000:]}")
        return done.stdout

    def as_owner(self, command: list[str]) -> list[str]:
        """Return a command as the owner of the files runs it, which root must not be."""
        if os.geteuid() != 0:
            return command
        return ["setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--clear-groups", "--", *command]

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End it and delete its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def _programs() -> Path:
    """Return the directory of the newest server's programs."""
    found = [one for place in _PLACES for one in Path(place).glob("*/bin") if (one / "initdb").is_file()]
    if not found and (on_path := shutil.which("initdb")):
        found = [Path(on_path).resolve().parent]
    if not found:
        raise ServerUnavailable("needs a PostgreSQL server (Debian: postgresql)")
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or not _has_owner()):
        raise ServerUnavailable(f"needs setpriv and the user {_OWNER}: PostgreSQL does not run as root")
    return max(found, key=lambda one: [int(part) for part in one.parent.name.split(".") if part.isdigit()])


def _has_owner() -> bool:
    try:
        pwd.getpwnam(_OWNER)
    except KeyError:
        return False
    return True
