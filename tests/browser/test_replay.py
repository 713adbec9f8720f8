"""Replays pressed in a real browser: a file is uploaded, replayed, looked at and removed."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Site, Visit, running
from tests.waiting import eventually

Open = Callable[..., Visit]
WINDOWS = pytest.mark.parametrize(
    ("width", "scripts"),
    [(1440, True), (390, True), (1440, False), (390, False)],
    ids=["wide", "narrow", "wide-without-scripts", "narrow-without-scripts"],
)


def archive(directory: Path, lines: int = 60) -> Path:
    at = time.time() - 3_600
    names = ("HighLatency", "HighErrorRate", "Down")
    records = [
        {
            "kind": "alert",
            "ts": at + 20 * n,
            "name": names[n % 3],
            "entity": f"web-{n % 5}",
            "service": f"web-{n % 2}",
            "severity": "critical",
            "truth": {"incident": f"fault-{n // 20}"},
        }
        for n in range(lines)
    ]
    path = directory / "alerts of tuesday.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    return path


def upload(window: Visit, path: Path) -> None:
    window.page.goto("/replay")
    window.page.locator("input[type=file]").set_input_files(path)
    window.press("Upload")


def change(window: Visit, key: str, value: str) -> None:
    window.page.locator("input[name=key0]").fill(key)
    window.page.locator("input[name=value0]").fill(value)


# What only the page of an ended replay has, or of one that was cancelled.
ENDED = re.compile("Would have paged|Nothing was compared")


def finished(window: Visit) -> str:
    """The text of the page once the replay has ended; the browser loads it again by itself.

    One query of one page: the page before has no mark of a replay that is under way, nor has one that is being loaded.
    """
    done = window.page.locator("body:not(:has(#running)) main", has_text=ENDED)
    eventually(lambda: done.count() == 1, or_say=window.text)
    window.page.wait_for_load_state("load")
    return window.text()


@WINDOWS
def test_an_archive_is_compared(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        window = visit(site.url, width, scripts)
        # The browser reports an answer of 400.
        window.forgiven = True
        upload(window, archive(tmp_path))
        assert "was uploaded" in window.text()
        change(window, "correlate.sensitivity", "nine")
        window.press("Replay")
        assert "correlate.sensitivity" in window.page.locator(".field-error").inner_text()
        assert window.page.locator("input[name=value0]").input_value() == "nine"
        change(window, "endpoints.pager.max_updates", "0")
        window.press("Replay")
        text = finished(window)
        assert "Would have paged" in text
        assert "Against the labels" in text
        assert "alerts of tuesday" in text
        assert window.fits()
        [job] = site.get("/api/v1/replays")["replays"]
        assert job["state"] == "done", job
        window.press("Remove this replay")
        assert site.get("/api/v1/replays")["replays"] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_journal_is_replayed_and_a_replay_cancelled(tmp_path: Path, visit: Open, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        site.incident()
        window = visit(site.url, 1440, scripts)
        window.page.goto("/replay")
        window.page.get_by_label("Last hour").check()
        change(window, "incidents.min_severity", "high")
        window.press("Replay")
        assert "The journal" in finished(window)
        window.page.goto("/replay")
        window.press("Remove")
        assert site.get("/api/v1/replays")["replays"] == []
        _cancel(window, site, tmp_path)


def _cancel(window: Visit, site: Site, directory: Path) -> None:
    upload(window, archive(directory, 60_000))
    change(window, "correlate.sensitivity", "0.9")
    window.press("Replay")
    window.press("Cancel")
    eventually(lambda: site.get("/api/v1/replays")["replays"][0]["state"] == "cancelled")
    window.page.reload()
    assert "Nothing was compared" in finished(window)


def test_a_file_beyond_the_bound_is_an_error_on_the_page(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        assert site.daemon.replays is not None
        site.daemon.replays.uploads.max_bytes = 100_000
        window = visit(site.url)
        window.forgiven = True
        path = tmp_path / "large.jsonl"
        path.write_bytes(b"x" * 30_000_000)
        upload(window, path)
        assert "at most 100,000 bytes" in window.text()
