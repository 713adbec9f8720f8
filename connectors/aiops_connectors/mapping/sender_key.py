"""The sender's own key of an alert, as `Alert.key` holds it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from aiops_connectors.mapping.expressions import Scope
from aiops_connectors.mapping.placeholders import NOTHING

# The record format's own bound; a longer key is known by its digest, since a cut one could be two.
MAX_KEY = 1_000
# What templates leave where there is no key. Taken for one, it would make one alert of all that have none.
_NONE = NOTHING | {"0", "false", "true"}
_NONE_LENGTH = max(map(len, _NONE))


def sender_key(get: Callable[[Scope], str | None]) -> Callable[[Scope], str | None]:
    """A function from an item to its key; None where there is none, or only a word for none."""

    def key(scope: Scope) -> str | None:
        found = get(scope)
        if found is None or (len(found) <= _NONE_LENGTH and found.lower() in _NONE):
            return None
        return found if len(found) <= MAX_KEY else blake2b(found.encode(), digest_size=32).hexdigest()

    return key
