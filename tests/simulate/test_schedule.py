"""When and where faults break out."""

from __future__ import annotations

from random import Random

import pytest

from aiops.simulate.options import Options
from aiops.simulate.schedule import LASTS_S, QUIET_SHARE, outbreaks
from aiops.simulate.site import build_site

OPTIONS = Options(seed=1, services=24, faults=12, hours=4.0)


@pytest.mark.parametrize("seed", range(5))
def test_faults_begin_after_the_quiet_part_and_end_within_the_run(seed: int) -> None:
    random = Random(seed)
    found = outbreaks(build_site(random, 24), OPTIONS, random)
    length_s = OPTIONS.hours * 3600
    assert len(found) == OPTIONS.faults
    for each in found:
        assert each.onset >= OPTIONS.start + QUIET_SHARE * length_s
        assert each.onset <= OPTIONS.start + length_s
        assert 0 < each.end - each.onset <= LASTS_S[1]


def test_faults_are_numbered_by_onset() -> None:
    random = Random(7)
    found = outbreaks(build_site(random, 24), OPTIONS, random)
    assert [each.onset for each in found] == sorted(each.onset for each in found)
    assert [each.incident for each in found] == [f"fault-{number:03d}" for number in range(1, 13)]


def test_every_kind_comes_before_any_comes_again() -> None:
    random = Random(7)
    found = outbreaks(build_site(random, 48), Options(services=48, faults=60, hours=24.0), random)
    kinds = [each.fault.cause_class for each in found]
    counts = [kinds.count(name) for name in set(kinds)]
    assert max(counts) - min(counts) <= 1


def test_root_is_an_entity_of_the_kind_of_its_fault() -> None:
    random = Random(9)
    site = build_site(random, 24)
    for each in outbreaks(site, OPTIONS, random):
        kind = site.topology.nodes[each.root].kind
        assert kind == each.fault.kind


@pytest.mark.parametrize(("faults", "hours"), [(0, 4.0), (1, 0.5), (30, 0.5)])
def test_any_number_fits_any_length(faults: int, hours: float) -> None:
    random = Random(1)
    assert len(outbreaks(build_site(random, 2), Options(services=2, faults=faults, hours=hours), random)) == faults
