"""The runbook of an alert is found among its annotations, then its labels, and is a web address."""

from __future__ import annotations

import pytest

from aiops.records.runbook_link import MAX_LINK, runbook_link

GOOD = "https://runbooks.example/disk"


@pytest.mark.parametrize(
    ("annotations", "labels", "expected"),
    [
        ({"runbook_url": GOOD}, {"runbook_url": "https://label.example"}, GOOD),
        ({"runbook": GOOD}, {}, GOOD),
        ({}, {"runbook_url": GOOD}, GOOD),
        ({}, {"runbook": GOOD}, GOOD),
        ({"runbook_url": "javascript:alert(1)"}, {"runbook": GOOD}, GOOD),
        ({"runbook_url": "https://" + "x" * MAX_LINK}, {}, None),
        ({"runbook_url": ""}, {}, None),
        ({}, {}, None),
    ],
)
def test_a_runbook_link_is_a_web_address(
    annotations: dict[str, str], labels: dict[str, str], expected: str | None
) -> None:
    assert runbook_link(annotations, labels) == expected
