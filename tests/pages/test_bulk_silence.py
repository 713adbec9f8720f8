"""The address of the silence form for incidents."""

from __future__ import annotations

import pytest

from aiops.pages.bulk_silence import MAX_INCIDENTS, silence_address
from aiops.web.operations import ApiError
from tests.search.stored import incident, member


def test_address_names_the_incidents() -> None:
    found = [incident("inc-1", member("A", "x")), incident("inc-2", member("B", "y"))]
    assert silence_address(found[:1]) == "/silences?incident=inc-1#preview"
    assert silence_address(found) == "/silences?incident=inc-1&incident=inc-2#preview"


def test_too_many_incidents_are_refused_with_what_to_do_instead() -> None:
    with pytest.raises(ApiError, match="silence a service or a label instead"):
        silence_address([incident(f"i-{n}") for n in range(MAX_INCIDENTS + 1)])
    with pytest.raises(ApiError, match="got none"):
        silence_address([])
