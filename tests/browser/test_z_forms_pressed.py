"""The last test of the room: each form and button that the walk saw was pressed by some test."""

from __future__ import annotations

import pytest

from tests.browser import forms


def test_every_form_is_pressed_somewhere(request: pytest.FixtureRequest, whole_room: bool) -> None:
    if not whole_room:
        pytest.skip("needs all tests of tests/browser in one run")
    missing = {name: where for name, where in forms.SEEN.items() if name not in forms.PRESSED}
    assert missing == {}, "press them in a browser: tests/browser/test_<page>.py"
