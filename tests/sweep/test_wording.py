"""Sentences and lines of suggestions."""

from __future__ import annotations

import tomllib

from aiops.sweep.blocks import Blocks
from aiops.sweep.wording import alike_text, block_text, paste, places_text, signed
from tests.sweep.outcomes import measured, outcome


def test_pasted_lines_are_toml_with_the_values() -> None:
    lines = paste(
        [("correlate.sensitivity", "0.4"), ("correlate.idle_s", "60"), ("causes.use", "causes"), ("topology", 'a"b')]
    )
    top = lines.splitlines().index('topology = "a\\"b"')
    assert tomllib.loads("\n".join(lines.splitlines()[:top])) == {
        "correlate": {"sensitivity": 0.4, "idle_s": 60},
        "causes": {"use": "causes"},
    }
    assert "# above all sections" in lines


def test_value_of_an_endpoint_names_its_table() -> None:
    assert paste([("endpoints.pager.settle_s.warning", "300")]).splitlines() == [
        '# in the table [[endpoints]] with name = "pager"',
        "settle_s.warning = 300",
    ]


def test_neighbours_are_a_range_and_others_a_list() -> None:
    found = measured(*(outcome(number / 10, [1], is_current=number == 1) for number in range(1, 6)))
    assert places_text(found, [1, 2, 3]) == "0.2 to 0.4"
    assert places_text(found, [0, 2]) == "0.1, 0.3"
    assert alike_text(found, [2], 2) == "All other values are worse beyond chance."


def test_blocks_and_differences_are_worded() -> None:
    assert block_text(Blocks(0.0, 3_600.0, 24)) == "24 blocks of 1 h"
    assert block_text(Blocks(0.0, 300.0, 20)) == "20 blocks of 5 min"
    assert (signed(0.0), signed(-0.5, ".1f")) == ("0.000", "−0.5")
