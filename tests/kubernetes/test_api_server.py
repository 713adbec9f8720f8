"""The real API server, where it is installed; elsewhere one line of the summary says that it is not."""

from __future__ import annotations

import pytest

from tests.kubernetes.api_server import RealSite, Unavailable, programs


def test_real_api_server_answers(request: pytest.FixtureRequest) -> None:
    try:
        programs()
    except Unavailable as missing:
        pytest.skip(f"no real Kubernetes API server, only the one in memory: {missing}")
    site: RealSite = request.getfixturevalue("real")
    assert site.call("GET", "version")["major"] == "1"
