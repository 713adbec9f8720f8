"""The clusters that tests of the Kubernetes operations run against: in memory, and real where it is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiops.testing.kubernetes_server import OpenApiServer, serving
from tests.kubernetes.api_server import Unavailable, programs, real_site
from tests.kubernetes.site import MemorySite, Site


@pytest.fixture(scope="session")
def memory_server() -> Iterator[OpenApiServer]:
    """The server that accepts what the published OpenAPI schema has."""
    with serving(OpenApiServer) as server:
        yield server


@pytest.fixture
def memory(memory_server: OpenApiServer) -> Iterator[MemorySite]:
    """A cluster in memory, empty; no request to it may be outside the schema."""
    memory_server.cluster.objects.clear()
    memory_server.cluster.protected.clear()
    memory_server.sent.clear()
    memory_server.script = memory_server.before = None
    site = MemorySite(memory_server)
    yield site
    site.client.close()
    found, memory_server.faults[:] = list(memory_server.faults), []
    assert found == []


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A real API server for the session."""
    with real_site(tmp_path_factory.mktemp("kubernetes")) as site:
        yield site


def _clusters() -> list[str]:
    """Both clusters, or the one in memory where no API server is installed (`test_api_server.py` says so once)."""
    try:
        programs()
    except Unavailable:
        return ["memory"]
    return ["memory", "real"]


@pytest.fixture(params=_clusters())
def site(request: pytest.FixtureRequest) -> Site:
    """Each of both clusters: what a test finds of one must hold of the other."""
    found: Site = request.getfixturevalue(request.param)
    return found
