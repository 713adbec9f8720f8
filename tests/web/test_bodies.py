"""What the API takes: bounds, unknown fields, forms of text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.web import bodies


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (bodies.Nothing, {"x": 1}),
        (bodies.ListQuery, {"status": "open,"}),
        (bodies.ListQuery, {"status": "gone"}),
        (bodies.ListQuery, {"min_severity": "bad"}),
        (bodies.ListQuery, {"since": -1}),
        (bodies.ListQuery, {"before": "x~1"}),
        (bodies.ListQuery, {"before": "1.5"}),
        (bodies.ListQuery, {"before": "1e5~x"}),
        (bodies.ListQuery, {"limit": 0}),
        (bodies.ListQuery, {"limit": 1_001}),
        (bodies.ListQuery, {"limits": 5}),
        (bodies.Note, {"message": "x" * 2_001}),
        (bodies.ConfirmCause, {}),
        (bodies.ConfirmCause, {"entity": ""}),
        (bodies.ConfirmGrouping, {"alerts": ["a,b"]}),
        (bodies.ConfirmGrouping, {"alerts": [""]}),
        (bodies.ConfirmGrouping, {"alerts": ["a"] * 1_001}),
        (bodies.ConfirmPlaybook, {"playbook": "p", "outcome": "fine"}),
        (bodies.NewSilence, {"matchers": [], "until": 1.0}),
        (bodies.NewSilence, {"matchers": ["a=b"] * 33, "until": 1.0}),
        (bodies.NewSilence, {"matchers": ["a=b"]}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": ""}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": 1.0, "every": "hour"}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": 1.0, "weekdays": ["monday"]}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": 1.0, "days": [32]}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": 1.0, "id": "a/b"}),
        (bodies.NewSilence, {"matchers": ["a=b"], "until": 1.0, "from_": 1.0}),
        (bodies.Approve, {"playbook": "p", "plan": ""}),
        (bodies.RollBackForm, {"run": "r", "close": "maybe"}),
        (bodies.MoveSwitch, {"scope": "global", "engaged": "yes"}),
        (bodies.MoveSwitch, {"scope": "", "engaged": True}),
        (bodies.OutboxQuery, {"state": "lost"}),
        (bodies.Which, {"ids": [-1]}),
        (bodies.Which, {"ids": [2**63]}),
        (bodies.AuditQuery, {"after": -1}),
        (bodies.Enable, {"reason": "x" * 1_001}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:40],
)
def test_what_does_not_fit_is_refused(kind: type, plain: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, kind)


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (bodies.ListQuery, {"status": "open,acknowledged", "before": "1772400000.25~inc-a~b", "limit": 1_000}),
        (bodies.ConfirmGrouping, {}),
        (
            bodies.NewSilence,
            {"matchers": [{"label": "a", "op": "=~", "value": "x"}, "b=c"], "until": "2026-03-01T10:00:00Z"},
        ),
        (
            bodies.NewSilence,
            {"matchers": ["a=b"], "until": 5, "from": "2026-03-01T10:00", "every": "month", "days": [-1, 15]},
        ),
        (bodies.Which, {"ids": []}),
        (bodies.Which, {}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:40],
)
def test_what_fits_is_read(kind: type, plain: dict[str, Any]) -> None:
    assert msgspec.convert(plain, kind) is not None


def test_bodies_do_not_share_their_lists() -> None:
    first = bodies.ConfirmGrouping()
    first.alerts.append("x")
    assert bodies.ConfirmGrouping().alerts == []
