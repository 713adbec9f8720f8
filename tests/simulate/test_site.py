"""The simulated site: services in areas, pods on hosts, stores."""

from __future__ import annotations

from random import Random

import pytest

from aiops.simulate.site import Site, build_site


@pytest.fixture(scope="module", params=[2, 7, 48])
def site(request: pytest.FixtureRequest) -> Site:
    return build_site(Random(3), request.param)


def test_site_has_as_many_services_as_asked_for(site: Site) -> None:
    assert len(site.services) == len(set(site.services)) in (2, 7, 48)
    assert set(site.pods) == set(site.services)


def test_every_pod_runs_on_a_host_and_belongs_to_its_service(site: Site) -> None:
    for service, pods in site.pods.items():
        assert pods
        for pod in pods:
            assert site.host_of[pod] in site.hosts
            assert site.service_of(pod) == service
            assert site.topology.service_of(pod) == service


def test_all_entities_are_in_the_topology_once(site: Site) -> None:
    names = [*site.services, *site.hosts, *[pod for pods in site.pods.values() for pod in pods]]
    names += [store for stores in site.stores.values() for store in stores]
    assert len(names) == len(set(names))
    assert set(names) == set(site.topology.nodes)
    assert site.topology.warnings == []


def test_hosts_belong_to_nobody_and_hold_what_runs_on_them(site: Site) -> None:
    held = [name for host in site.hosts for name in site.on_host(host)]
    assert sorted(held) == sorted(site.host_of)
    assert all(site.service_of(host) is None for host in site.hosts)


def test_seed_decides() -> None:
    one, same, other = build_site(Random(3), 12), build_site(Random(3), 12), build_site(Random(4), 12)
    assert one == same
    assert one.pods != other.pods
