"""Compiles the engine's inner loop in place, with mypyc: the same decisions in about half the time.

    python -m aiops.compile [--remove]

Optional: without it the same modules are interpreted. Needs a C compiler and the packages of the extra `compile`. A
compiled module takes precedence over its source: compile again, or remove it, after the source changed. Reference:
https://mypyc.readthedocs.io (native classes).
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# Where an alert's time goes, and no structs of msgspec: compiled code reads those more slowly than the interpreter.
MODULES = (
    "engine/arrival",
    "engine/detect/conformal",
    "engine/correlate/background",
    "engine/incidents/clusters",
    "engine/correlate/candidate",
    "engine/correlate/comparison",
    "engine/correlate/cooccurrence",
    "engine/correlate/correlator",
    "engine/correlate/hops",
    "engine/correlate/onset_rate",
    "engine/correlate/open_clusters",
    "engine/correlate/pace",
    "engine/correlate/similarity",
    "engine/correlate/snapshot",
    "engine/correlate/splitting",
    "engine/correlate/state",
    "engine/correlate/scoring",
    "engine/dedup/deduplicator",
    "engine/detect/stage",
    "engine/incidents/summary",
    "engine/detect/features",
    "engine/engine",
    "engine/detect/entity_anomaly",
    "engine/incidents/assignment",
    "engine/incidents/due",
    "engine/incidents/episodes",
    "engine/incidents/expiry",
    "engine/incidents/incident_record",
    "engine/incidents/merging",
    "engine/incidents/opening",
    "engine/incidents/repeats",
    "engine/incidents/storm_grouping",
    "engine/incidents/state",
    "engine/incidents/lifecycle",
    "engine/correlate/join_evidence",
    "engine/silences/muted",
    "engine/incidents/announced",
    "engine/incidents/member_notes",
    "engine/pipeline",
    "engine/correlate/result",
    "engine/detect/seasonality",
    "engine/interning",
    "engine/incidents/storm",
    "engine/dedup/stream",
    "engine/detect/rate_anomaly",
    "engine/detect/negative_binomial",
    "engine/incidents/triage",
)
# The shared library of all of them, beside the package.
LIBRARY = "aiops_engine"


def is_compiled() -> bool:
    """Return True if the engine that would be imported is the compiled one."""
    found = importlib.util.find_spec("aiops.engine.correlate.correlator")
    return found is not None and not str(found.origin).endswith(".py")


def built() -> list[Path]:
    """Return the files of a compilation."""
    return sorted([*PACKAGE.glob("engine/*.so"), *PACKAGE.parent.glob(f"{LIBRARY}__mypyc.*.so")])


def is_stale() -> bool:
    """Return True if a source is newer than its compiled module."""
    oldest = min((path.stat().st_mtime for path in built()), default=None)
    return oldest is not None and any((PACKAGE / f"{name}.py").stat().st_mtime > oldest for name in MODULES)


def remove() -> None:
    """Return to the source."""
    for path in built():
        path.unlink()


def compile_in_place() -> None:
    """Build the extension modules beside their sources.

    Raise `ImportError`, or an error of setuptools, if there are no tools.
    """
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    # Floats as the interpreter computes them on any machine: a fused multiply-add rounds once instead of twice.
    os.environ["CFLAGS"] = f"{os.environ.get('CFLAGS', '')} -ffp-contract=off".strip()
    with tempfile.TemporaryDirectory() as scratch, chdir(PACKAGE.parent):
        sources = [f"aiops/{name}.py" for name in MODULES]
        options = [
            "--config-file=",
            "--ignore-missing-imports",
            "--follow-imports=silent",
            f"--cache-dir={scratch}/mypy",
        ]
        extensions = mypycify([*options, *sources], opt_level="3", group_name=LIBRARY, target_dir=f"{scratch}/c")
        command = build_ext(Distribution({"name": LIBRARY, "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(PACKAGE.parent), f"{scratch}/o"
        command.ensure_finalized()
        remove()
        command.run()


def main(arguments: list[str]) -> int:
    """Compile or remove; return 0 also if there are no tools for it, with a message."""
    if "--remove" in arguments:
        remove()
        return 0
    try:
        compile_in_place()
    except ImportError as error:
        print(f"not compiled, the engine is interpreted: {error} (pip install 'aiops-engine[compile]')")
    except Exception as error:
        # setuptools and its compilers raise errors of many kinds, and each means that there is no compiled engine.
        remove()
        print(f"not compiled, the engine is interpreted: {error}")
    else:
        print(f"compiled {len(MODULES)} modules of the engine")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
