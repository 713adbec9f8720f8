"""Failed sign-ins, bounded by the client's address."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

# A person who pastes the wrong token a few times notices nothing; who guesses gets ten tries a minute.
BURST, EVERY_S = 10, 6.0
# Addresses that are remembered; the ones seen longest ago are forgotten first.
MAX_CLIENTS = 1_000


class Attempts:
    """A bucket of tries for each client; behind a proxy all people are one client and share its tries.

    Used from the event loop only. `clock` gives seconds; a clock that is set back refills nothing and locks nobody out.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> int:
        """Use one try; return 0, or the seconds until the next one if none is left."""
        key, now = _network(client), self._clock()
        left, at = self._left.pop(key, (float(BURST), now))
        left = min(float(BURST), left + max(0.0, now - at) / EVERY_S)
        granted = left >= 1.0
        self._left[key] = (left - granted, now)
        if len(self._left) > MAX_CLIENTS:
            self._left.popitem(last=False)
        return 0 if granted else math.ceil((1.0 - left) * EVERY_S)

    def succeeded(self, client: str) -> None:
        """Forget the failures of a client that signed in."""
        self._left.pop(_network(client), None)


def _network(client: str) -> str:
    """Return the network of one machine: an IPv4 address, or a /64 of IPv6."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    return client if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
