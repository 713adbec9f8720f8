"""Roles that can act are refused whatever else they may; roles that can write are reported."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.databases.roles import refuse, warnings_of

from aiops.step_kinds.databases import DatabaseFailed

POWERS = {"is_read_only": True, "name": "aiops", "is_super": False, "acting": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"is_read_only": False},
        {"is_read_only": None},
        {"is_super": True},
        {"is_super": None},
        {"acting": "pg_maintain"},
    ],
)
def test_nothing_is_sent_unless_all_is_known_to_be_harmless(change: dict[str, Any]) -> None:
    refuse(POWERS)
    with pytest.raises(DatabaseFailed, match="nothing was sent"):
        refuse({**POWERS, **change})


def test_what_a_role_lacks_or_need_not_have_is_a_warning() -> None:
    assert warnings_of(POWERS, {"tables": "", "sees_all": True}) == []
    found = warnings_of(POWERS, {"tables": "public.orders", "sees_all": False})
    assert [one.split()[3:6] for one in found] == [["may", "write", "to"], ["sees", "only", "its"]]
