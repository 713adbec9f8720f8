"""Bodies of actions: bounds and unknown fields."""

from __future__ import annotations

import msgspec
import pytest

from aiops.web import action_bodies


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (action_bodies.Assign, {"to": "x" * 257}),
        (action_bodies.Snooze, {"for_": "1h"}),
        (action_bodies.Remark, {"text": "x", "notify": "yes"}),
        (action_bodies.Split, {"alerts": ["a"] * 1_001}),
        (action_bodies.Undo, {"action": "x" * 257}),
        (action_bodies.Bulk, {"action": "confirm", "ids": ["a"]}),
    ],
)
def test_what_does_not_fit_is_refused(kind: type, plain: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, kind)
