"""Independent tasks over several processes; the results are those of one process, in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int, size: Callable[[Task], float]
) -> list[Result]:
    """Do `work`, a function of a module, for each task; one of a larger `size` begins earlier.

    Processes are started anew instead of forked, so that none inherits what another task left behind.
    """
    if jobs <= 1 or len(tasks) <= 1:
        return [work(task) for task in tasks]
    order = sorted(range(len(tasks)), key=lambda place: -size(tasks[place]))
    with ProcessPoolExecutor(min(jobs, len(tasks)), multiprocessing.get_context("spawn")) as pool:
        started = {place: pool.submit(work, tasks[place]) for place in order}
        return [started[place].result() for place in range(len(tasks))]
