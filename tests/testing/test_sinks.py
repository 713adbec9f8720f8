"""The kit of sinks finds a sink that breaks a promise."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest

from aiops.ports import Answer, Message
from aiops.testing.sinks import check_sink


class Careless:
    """Takes everything for success, retries inside, follows redirects, and keeps what it sent."""

    name = "careless"

    def __init__(self, url: str, attempts: int = 1, honest: bool = True) -> None:
        self.url, self.attempts, self.honest = url, attempts, honest

    def send(self, message: Message) -> Answer:
        for _ in range(self.attempts):
            try:
                urllib.request.urlopen(self.url, data=b"{}", timeout=5).close()
            except urllib.error.HTTPError as error:
                error.close()
                if self.honest and self.attempts == 1:
                    return Answer(ok=False, retry=error.code >= 500 or error.code == 429, status=error.code)
            except OSError:
                pass
            else:
                return Answer(ok=True)
        return Answer(ok=not self.honest, retry=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"honest": False}, "to be a failure"),
        ({"attempts": 3}, "one attempt a call"),
        ({}, "expected retry_after_s"),
    ],
)
def test_the_kit_finds_careless_sinks(options: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_sink(lambda url: Careless(url, **options))
