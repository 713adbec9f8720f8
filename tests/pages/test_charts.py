"""Small charts: what they draw, and that a hundred rows of them stay small."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from aiops.pages.charts import bar, meter, spark


def paths(text: str) -> list[str]:
    return [str(one.get("d")) for one in ElementTree.fromstring(text)]


def test_a_spark_has_one_bar_a_bucket_that_is_not_empty() -> None:
    zero, bars = paths(spark([0, 1, 0, 1_000, 500]))
    assert zero.startswith("M0 ")
    heights = [int(one) for one in re.findall(r"v-(\d+)", bars)]
    assert heights == [2, 19, 10], "the smallest is seen beside the largest"
    assert 'aria-label="1501 alerts, at most 1000 a minute, the last one in the last minute"' in spark(
        [0, 1, 0, 1_000, 500]
    )


def test_a_spark_without_alerts_names_that() -> None:
    for counts in ([], [0] * 60):
        assert 'aria-label="no alerts in this time"' in spark(counts)
        assert paths(spark(counts))[1] == ""


def test_a_hundred_sparks_are_small() -> None:
    assert len(spark(list(range(60)))) < 1_100


@pytest.mark.parametrize(("share", "width"), [(0.0, "0.0"), (0.5, "30.0"), (1.0, "60.0"), (7.0, "60.0"), (-1.0, "0.0")])
def test_a_bar_stays_in_its_track(share: float, width: str) -> None:
    assert ElementTree.fromstring(bar(share))[1].get("width") == width


@pytest.mark.parametrize(("word", "filled"), [("high", 3), ("medium", 2), ("low", 1), ("", 0), ('"><script>', 0)])
def test_a_meter_has_as_many_bars_as_its_word(word: str, filled: int) -> None:
    assert meter(word).count('class="fill"') == filled
    assert "script" not in meter(word)
