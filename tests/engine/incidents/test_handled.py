"""What is known of an incident that nobody has touched, and of a deed."""

from __future__ import annotations

from aiops.engine.incidents.handled import new_deed, new_handled


def test_nothing_is_shared_between_incidents() -> None:
    one, other = new_handled("a"), new_handled("b")
    one.deeds.append(new_deed("d", "assign", 1.0, "alice", to="bob"))
    one.origins.append("x")
    assert (other.deeds, other.origins, other.assigned_to, other.snoozed_until) == ([], [], "", None)
    assert one.deeds[0].before == {"to": "bob"}
