"""One replay job, in a process of its own: `python -m aiops.sweep.job DIRECTORY`.

It reads `order.json` in the directory, replays the input twice and writes `result.json`. Standard output has a line of
JSON for each step of progress, and one for an error. The process bounds itself: memory and processor time, and only
time that nobody else wants. It ends when its standard input does, as then the daemon has ended.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec
from msgspec import structs

from aiops.archive import Rejections, read
from aiops.daemon.process_limits import bound_process
from aiops.errors import AiopsError, UsageError
from aiops.records import Logged
from aiops.sweep.against import against
from aiops.sweep.run import Outcome, Source, Task, run
from aiops.sweep.settings import Base, Setting
from aiops.views.replay import Compared, Limits, Order, Progress
from aiops.wording import plural

ORDER, RESULT = "order.json", "result.json"
# Records between two lines of progress.
_STEP = 5_000
_COLD = "Both sides begin without what the daemon had learned before: a long stretch is closer to it than a short one."


class BoundedSource(Source, frozen=True):
    """The input, counted while it is read."""

    # Fields of a frozen struct need defaults behind those of its base.
    limits: Limits = Limits(0, 0, 0, 0)
    side: str = "A"

    def read(self, rejections: Rejections) -> Iterable[Logged]:
        """Yield the records; raise `UsageError` beyond the bounds, and where there is none."""
        return self._counted(self._opened(rejections), rejections)

    def _opened(self, rejections: Rejections) -> Iterable[Logged]:
        if self.journal is not None:
            return super().read(rejections)
        seen = 0

        def count(size: int) -> None:
            nonlocal seen
            seen += size
            if seen > self.limits.unpacked_bytes:
                raise UsageError(f"archive: more than {self.limits.unpacked_bytes:,} bytes unpacked; use a part of it")
            if rejections.count > self.limits.records:
                many = f"{self.limits.records:,} lines"
                raise UsageError(f"archive: more than {many} are no records: {_first(rejections)}")

        return read(self.files, rejections, progress=count)

    def _counted(self, records: Iterable[Logged], rejections: Rejections) -> Iterator[Logged]:
        number = 0
        for number, record in enumerate(records, 1):
            if number > self.limits.records:
                raise UsageError(f"more than {self.limits.records:,} records: use a shorter stretch, or `aiops replay`")
            if number % _STEP == 0:
                report({"progress": {"side": self.side, "records": number}})
            yield record
        if not number and rejections.count:
            raise UsageError(f"archive: no line is a record ({plural(rejections.count, 'line')}): {_first(rejections)}")
        if not number:
            raise UsageError("there is no record in it: use a longer stretch, or another archive")


def _first(rejections: Rejections) -> str:
    first = rejections.kept[0]
    return f"line {first.line}: {first.field}: expected {first.expected}; got {first.got}"[:500]


def compared(order: Order) -> Compared:
    """Replay the input of an order with its settings, then with the changes over them."""
    changes = tuple(order.changes.items())
    one = _outcome(order, "A", Setting((), ("as it is",)))
    other = _outcome(order, "B", Setting(changes, tuple(order.changes.values())))
    found = against(one, other, [_COLD] if order.journal else [])
    found.rejections = [_without_path(text, order) for text in found.rejections]
    return found


def _without_path(text: str, order: Order) -> str:
    """Return a text for people, who know an archive by another name than its file's."""
    return text.replace(order.archive, "archive") if order.archive else text


def _outcome(order: Order, side: str, setting: Setting) -> Outcome:
    report({"progress": msgspec.to_builtins(Progress(side="A" if side == "A" else "B"))})
    files = (order.archive,) if order.archive else ()
    journal = order.journal or None
    source = BoundedSource(files, journal, order.since, order.until, limits=order.limits, side=side)
    outcome = run(Task(source, Base(plain=order.settings), setting, is_detailed=True))
    # A hundred MB of a long replay, and nothing of them is compared.
    return structs.replace(outcome, clusters=b"", places=b"")


def bound(limits: Limits) -> None:
    """Take memory and time within the limits, and processor and disk only while nobody else wants them."""
    bound_process(2 * limits.seconds, limits.memory_bytes)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def report(line: object, out: TextIO | None = None) -> None:
    """Write one line for the daemon."""
    out = out or sys.stdout
    out.write(msgspec.json.encode(line).decode() + "\n")
    out.flush()


def watch(parent: int) -> None:
    """End this process once its parent has gone; `parent` is a file that ends with it."""

    def wait() -> None:
        while os.read(parent, 1):
            continue
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def main(directory: Path) -> int:
    """Do the job of a directory; return the exit code."""
    try:
        order = msgspec.json.decode((directory / ORDER).read_bytes(), type=Order)
        bound(order.limits)
        found = compared(order)
        partial = directory / f"{RESULT}.part"
        partial.write_bytes(msgspec.json.encode(found))
        partial.replace(directory / RESULT)
    except MemoryError:
        # What filled the memory is released with the frames that held it.
        report({"error": f"it needs more than {order.limits.memory_bytes:,} bytes of memory: use a shorter stretch"})
        return 1
    except AiopsError as error:
        report({"error": _without_path(str(error), order)})
        return 1
    except Exception as error:
        # A fault of the engine or a model; the daemon's log has it as the reason of the job.
        report({"error": f"a fault, please report it: {type(error).__name__}: {error}"[:1_000]})
        return 1
    return 0


if __name__ == "__main__":
    watch(sys.stdin.fileno())
    sys.exit(main(Path(sys.argv[1])))
