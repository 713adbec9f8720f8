"""`python -m benchmarks.pages`: first byte and size of list and incident, while alerts come in over HTTP.

The store begins with thousands of incidents; the daemon, `aiops run` as it ships in a process of its own, takes in a
storm, and then a steady load while one reader reads page after page. Reader and sender share the machine with it.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.machine import ROOT, Machine, machine
from benchmarks.page import put
from benchmarks.pages import site
from benchmarks.pages.reading import TYPE, Page, quantile, read, sending
from benchmarks.throughput.http_server import Server, daemon

OUT = ROOT / "benchmarks" / "results" / "pages.json"
PLACE = "python -m benchmarks.pages --page"
GOAL_S, GOAL_BYTES = 0.1, 200_000
# Alerts of one body of the load, and answers that the processor time of a page is measured over.
EACH, COUNTED = 10, 20


class Row(Struct):
    """One page: first byte and whole answer at two quantiles, in milliseconds, and its size in kB.

    `cpu_ms` is the daemon's processor time for an answer while no alerts come in: it says what a page costs where other
    work on the machine makes the waiting times say little.
    """

    page: str
    answers: int
    first_p50_ms: float
    first_p95_ms: float
    whole_p95_ms: float
    kilobytes: float
    cpu_ms: float


class Results(Struct):
    """A run: the load as it was, and a row a page."""

    machine: Machine
    incidents: int
    storm: int
    alerts_a_second: float
    daemon_cpu: float
    rows: list[Row]


def run(incidents: int, storm: int, rate: float, rounds: int, pause_s: float = 0.05) -> Results:
    """Fill a store, start the daemon on it, and measure."""
    facts = machine()
    with tempfile.TemporaryDirectory() as folder:
        site.fill(Path(folder) / "state", incidents, time.time())
        with daemon(Path(folder)) as server:
            _wait(server)
            for body in site.storm(storm, time.time()):
                _post(server.port, body)
            server.settle()
            pages = _pages(server.port, incidents)
            costs = [_cost(server, page) for page in pages]
            before, begun = server.cpu_s(), time.monotonic()
            with sending(server.port, lambda number, now: site.steady(number, EACH, now), EACH, rate) as sent:
                found = read(server.port, pages, rounds, pause_s)
            busy = (server.cpu_s() - before) / (time.monotonic() - begun)
            if sent.refused:
                raise RuntimeError(f"{sent.refused} bodies of alerts were refused")
    rows = [
        Row(
            one.name,
            len(one.first_s),
            round(1e3 * quantile(one.first_s, 0.5), 1),
            round(1e3 * quantile(one.first_s, 0.95), 1),
            round(1e3 * quantile(one.whole_s, 0.95), 1),
            round(one.size / 1e3, 1),
            cost,
        )
        for one, cost in zip(found, costs, strict=True)
    ]
    return Results(facts, incidents, storm, round(sent.alerts / max(sent.seconds, 1e-9)), round(busy, 2), rows)


def _pages(port: int, incidents: int) -> list[Page]:
    """Return the pages to read; that of the storm is the incident with the most alerts of its namespace."""
    answer = _get(port, "/api/v1/incidents?q=label:namespace%3Dstorm&sort=alerts&limit=1")
    found = msgspec.json.decode(answer)["incidents"]
    pages = [
        Page("list", "/"),
        Page("list, searched", "/?q=probe+label:env=prod"),
        Page("list, two facets", "/?severity=critical&service=service-7"),
        Page("list, by alerts", "/?sort=alerts"),
        Page("incident of some members", f"/incidents/inc-{incidents // 2:012x}"),
    ]
    return [*pages, *(Page("incident of the storm", f"/incidents/{one['id']}") for one in found)]


def _cost(server: Server, page: Page) -> float:
    """Return the processor time of an answer in milliseconds, over some of them, without the first."""
    read(server.port, [page], 0, 0.0)
    before = server.cpu_s()
    read(server.port, [page], COUNTED - 1, 0.0)
    return round(1e3 * (server.cpu_s() - before) / COUNTED, 1)


def _wait(server: Server) -> None:
    for _ in range(600):
        try:
            _get(server.port, "/readyz")
            return
        except (OSError, RuntimeError):
            time.sleep(0.1)
    raise RuntimeError("the daemon did not get ready within a minute")


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: HTTP {answer.status}: {body[:200]!r}")
    return body


def _post(port: int, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/ingest/archive", body, TYPE)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the storm: HTTP {answer.status}: {text[:200]!r}")


def lines(results: Results) -> list[str]:
    """Return the figures in Markdown."""
    made = [
        f"{results.machine}",
        "",
        f"{results.incidents:,} incidents in the store, a storm of {results.storm:,} alerts, then"
        f" {results.alerts_a_second:.0f} alerts a second over HTTP, with {results.daemon_cpu:.2f} cores for the daemon."
        f" Goals: first byte p95 below {1e3 * GOAL_S:.0f} ms, pages below {GOAL_BYTES // 1_000} kB.",
        "",
        "| page | answers | first byte p50 | first byte p95 | whole p95 | size | processor time |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results.rows:
        made.append(
            f"| {row.page} | {row.answers} | {row.first_p50_ms} ms | {row.first_p95_ms} ms | {row.whole_p95_ms} ms"
            f" | {row.kilobytes} kB | {row.cpu_ms} ms |"
        )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and keep the figures; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("--incidents", type=int, default=5_000)
    parser.add_argument("--storm", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=500.0, help="alerts a second")
    parser.add_argument("--rounds", type=int, default=100, help="answers of each page")
    parser.add_argument("--out", type=Path, help=f"file of the figures; --page writes {OUT.name}")
    parser.add_argument("--page", action="store_true", help="write the table into benchmarks/RESULTS.md as well")
    given = parser.parse_args(arguments)
    results = run(given.incidents, given.storm, given.rate, given.rounds)
    sys.stdout.write("\n".join(lines(results)) + "\n")
    out = given.out or (OUT if given.page else None)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    if given.page:
        put(ROOT / "benchmarks" / "RESULTS.md", PLACE, "\n".join(lines(results)))
    wrong = [row.page for row in results.rows if row.first_p95_ms > 1e3 * GOAL_S or row.kilobytes > GOAL_BYTES / 1e3]
    for page in wrong:
        sys.stderr.write(f"{page}: misses a goal\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
