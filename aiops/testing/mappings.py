"""The conformance kit of mappings: `check_mapping(mapping, samples)`.

`mapping` is the name of a registered one or the path of a file, `samples` the file with its payloads (see
`tests/connectors/samples/README.md`). `aiops connectors check` runs the same checks.
"""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

from aiops import registry

GROUP = "aiops.mappings"
# A mapping holds no state: what stays after three more passes over all samples is kept of their payloads.
MAX_GROWTH_BYTES = 300_000
PASSES = 3


def check_mapping(mapping: str | Path, samples: Path) -> None:
    """Raise `AssertionError` with all faults: samples, pairs, payloads that do not fit, memory."""
    catalogue = registry.load(GROUP, registry.names(GROUP)[0])()
    faults = catalogue.check(mapping, samples)
    assert not faults, "\n".join([f"{mapping}:", *faults])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(PASSES):
        catalogue.check(mapping, samples)
    # Each pass loads the mapping anew, with those that it uses; the old ones are garbage in cycles.
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < MAX_GROWTH_BYTES, f"{mapping}: expected a mapping that keeps nothing; memory grew by {grown} bytes"
