"""Fields of forms: each once, unless the form is a list."""

from __future__ import annotations

import pytest

from aiops.web.forms import single
from aiops.web.operations import ApiError


def test_fields_come_once_each_and_the_list_may_repeat() -> None:
    assert single({"do": ["undo"], "incident": ["inc-1", "inc-2"]}, but="incident") == {
        "do": "undo",
        "incident": "inc-1",
    }
    for fields in ({"do": ["acknowledge", "resolve"]}, {"to": ["bob", "bob"]}):
        with pytest.raises(ApiError, match="once; got it 2 times") as refused:
            single(fields, but="incident")
        assert refused.value.status == 400
