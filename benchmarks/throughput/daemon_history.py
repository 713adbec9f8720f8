"""The cost of the history of alerts, as a ratio within one run.

    python -m benchmarks.throughput.daemon_history [--load typical] [--scale 0.2] [--frame 500] [--rounds 5]

Two daemons take the same frames in turn, one with the history and one without, in one process and on one disk. The
figures are processor seconds of the pump's thread (journal, engine, store) over all frames.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from aiops.store.frame_alerts import FrameAlerts
from benchmarks.throughput.generate import lines
from benchmarks.throughput.load import find
from tests.daemons import bare_daemon


class NoHistory:
    """Records nothing, and has the engine collect nothing."""

    def record(self, *_: object) -> FrameAlerts:
        return FrameAlerts()

    def rest(self, *_: object) -> list[object]:
        return []


def daemon_in(folder: Path, keeps: bool) -> Daemon:
    daemon = bare_daemon(Config(state=StateConfig(str(folder))), Engine)
    if not keeps:
        daemon.pump._recorder = NoHistory()  # type: ignore[assignment]
        assert isinstance(daemon.pump.engine, Engine)
        daemon.pump.engine.dedup._touched = None
    return daemon


def main() -> None:
    """Print the ratio of each round, and their median."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--load", default="typical")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--frame", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    decode = msgspec.json.Decoder(Alert).decode
    alerts = [decode(line) for line in lines(find(options.load, options.scale))]
    frames = [alerts[at : at + options.frame] for at in range(0, len(alerts), options.frame)]
    ratios = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            daemons = [daemon_in(Path(folder) / name, name == "with") for name in ("without", "with")]
            spent = [0.0, 0.0]
            for at, frame in enumerate(frames):
                for which in (0, 1) if (at + number) % 2 else (1, 0):
                    daemons[which].inbox.submit(Received(list(frame)))
                    begun = time.thread_time()
                    daemons[which].pump.round()
                    spent[which] += time.thread_time() - begun
            sizes = [daemon.store.database.path.stat().st_size / 1e6 for daemon in daemons]
            for daemon in daemons:
                daemon.close()
        ratios.append(spent[1] / spent[0])
        rate = len(alerts) / spent[0], len(alerts) / spent[1]
        print(
            f"without {rate[0]:,.0f}/s, with {rate[1]:,.0f}/s: {ratios[-1]:.3f};"
            f" store {sizes[0]:.1f} and {sizes[1]:.1f} MB"
        )
    print(f"{len(alerts):,} alerts in frames of {options.frame}: median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
