"""The shipped sources pass the kit that others' must pass, and the kit notices one that does not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiops_connectors.file import FileSource
from aiops_connectors.http.source import HttpSource

from aiops.ports import Inbox, Position, Received, Source
from aiops.records import Alert
from aiops.testing.sources import check_source

NOW = 1_772_400_000.0


def lines(names: list[str]) -> str:
    return "".join(json.dumps({"kind": "alert", "ts": NOW, "name": name}) + "\n" for name in names)


def test_the_http_source() -> None:
    def bring(source: Source, names: list[str]) -> None:
        assert isinstance(source, HttpSource)
        port = source.wait_started(120)

        def send() -> None:
            while httpx2.post(f"http://127.0.0.1:{port}/ingest/archive", content=lines(names)).status_code == 503:
                time.sleep(0.05)

        threading.Thread(target=send).start()

    check_source(lambda: HttpSource("http", {"port": 0}), bring)


def test_the_file_source(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"

    def bring(source: Source, names: list[str]) -> None:
        with path.open("a") as file:
            file.write(lines(names))

    check_source(lambda: FileSource("file", {"path": str(path), "poll_s": 0.05}), bring)


class Forgetful:
    """A source that gives up when the engine is full."""

    name = "forgetful"
    keeps = False

    def __init__(self) -> None:
        self.queue: list[str] = []
        self._stopped = threading.Event()

    def run(self, inbox: Inbox, position: Position | None) -> None:
        while not self._stopped.wait(0.01):
            while self.queue:
                name = self.queue.pop()
                if not inbox.put(Received([Alert(ts=NOW, name=name, id="x")]), 0.1) and self.keeps:
                    self.queue.append(name)

    def stop(self) -> None:
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        return {"ok": True, "detail": ""}


class Stubborn(Forgetful):
    """A source that does not end."""

    keeps = True

    def stop(self) -> None:
        pass


@pytest.mark.parametrize(("make", "said"), [(Forgetful, "while the inbox was full"), (Stubborn, "run to end within")])
def test_the_kit_notices(make: Callable[[], Forgetful], said: str) -> None:
    def bring(source: Source, names: list[str]) -> None:
        assert isinstance(source, Forgetful)
        source.queue += names

    with pytest.raises(AssertionError) as caught:
        check_source(make, bring, deadline_s=1)
    reasons = [str(caught.value), str(caught.value.__context__)]
    assert any(said in reason for reason in reasons)
