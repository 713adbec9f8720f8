"""The state of a model as text: its identity, and the records that carry it.

A version of a model is (slot, algorithm, state). Its id is `ALGORITHM-DIGEST` of exactly that text: equal ids are equal
numbers, byte for byte. Records carry the text as it is, or packed where it would not fit into one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import zlib
from typing import Any

from msgspec import Struct

from aiops.errors import UsageError
from aiops.records import Action

DETECT = "detect"
# The algorithm of a slot in which no model serves.
NONE = "none"
# What a model decides.
SLOTS = (DETECT, "metric", "causes", "playbooks", "similar", "noise", "grouping")
# Records of earlier releases name the one slot that there was by what its model scores.
_OLD = {"rows": DETECT}
# A text: the largest that models make (2,000 similar incidents of 64 features) has 10 MB.
MAX_STATE_CHARS = 16_000_000
# Longer texts are packed: a record may have 1 MiB, and JSON escapes quotes.
MAX_PLAIN_CHARS = 256_000
# Of a record's 1 MiB, the rest is for its other fields.
MAX_PACKED_CHARS = 1_000_000
# The verbs whose records carry a state.
VERBS = ("swap_model", "shadow_model", "canary_model")


class Given(Struct, frozen=True):
    """The model that a record carries; `text` is its state in canonical form."""

    slot: str
    algorithm: str
    text: str

    @property
    def id(self) -> str:
        """The version id."""
        return version_id(self.algorithm, self.text)

    @property
    def state(self) -> Any:
        """The state as plain values; raise `UsageError` for text that is no JSON."""
        return decoded(self.text)


def canonical(state: Any) -> str:
    """Return a state as text: equal states are equal texts on every machine.

    Raise `UsageError` for what is no plain JSON, or holds a number that is not finite.

    >>> canonical({"b": 1, "a": [0.5]})
    '{"a":[0.5],"b":1}'
    """
    try:
        return json.dumps(state, separators=(",", ":"), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"model state: expected plain numbers, texts, lists and tables: {error}") from None


def decoded(text: str) -> Any:
    """Return a state from its text; raise `UsageError` for no JSON, or a number that is not finite."""
    try:
        return json.loads(text, parse_constant=_not_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"model state: expected JSON: {str(error)[:200]}") from None


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _not_finite(text)


def _not_finite(text: str) -> float:
    raise ValueError(f"expected finite numbers, got {text[:40]}")


def digest_of(algorithm: str, text: str) -> str:
    """Return 16 hexadecimal digits of an algorithm and a state's text."""
    return hashlib.sha256(f"{algorithm}\n{text}".encode(errors="replace")).hexdigest()[:16]


def version_id(algorithm: str, text: str) -> str:
    """Return the id of a version.

    >>> version_id("pca", "{}")
    'pca-6d744a0f6c715260'
    """
    return f"{algorithm}-{digest_of(algorithm, text)}"


def slot_named(name: str, place: str) -> str:
    """Return a slot by its name or its old one; raise `UsageError` for another."""
    slot = _OLD.get(name, name)
    if slot not in SLOTS:
        raise UsageError(f"{place}: expected one of {', '.join(SLOTS)}; got {name[:100]!r}")
    return slot


def swap_action(slot: str, algorithm: str, state: Any, ts: float, verb: str = "swap_model") -> Action:
    """Return the record that puts a model into a slot; equal models of a slot have equal ids.

    Raise `UsageError` for a state that fits into no record.
    """
    return action_of(Given(slot_named(slot, "slot"), algorithm, canonical(state)), ts, verb)


def action_of(given: Given, ts: float, verb: str = "swap_model") -> Action:
    """Return the record that carries a model; see `swap_action`."""
    args = {"slot": given.slot, "algorithm": given.algorithm}
    if len(given.text) <= MAX_PLAIN_CHARS:
        args["state"] = given.text
    else:
        args["packed"] = _packed(given.text)
    # Records of the first slot keep the ids that they had before there were others.
    middle = "" if given.slot == DETECT else f"{given.slot}-"
    return Action(ts=ts, verb=verb, id=f"model-{middle}{given.id}", args=args)


def given(action: Action) -> Given:
    """Return the model that a record carries; raise `UsageError` with the field that does not fit."""
    place = f"{action.verb}: $.args"
    slot = slot_named(action.args.get("slot", DETECT), f"{place}.slot")
    text = action.args.get("state", "")
    if not text and "packed" in action.args:
        text = _unpacked(action.args["packed"], f"{place}.packed")
    if len(text) > MAX_STATE_CHARS:
        raise UsageError(f"{place}.state: expected at most {MAX_STATE_CHARS} characters, got {len(text)}")
    return Given(slot, action.args.get("algorithm", ""), text)


def _packed(text: str) -> str:
    if len(text) > MAX_STATE_CHARS:
        raise UsageError(f"model state: expected at most {MAX_STATE_CHARS} characters, got {len(text)}")
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    if len(packed) > MAX_PACKED_CHARS:
        raise UsageError(f"model state: expected at most {MAX_PACKED_CHARS} characters when packed, got {len(packed)}")
    return packed


def _unpacked(packed: str, place: str) -> str:
    """Return a packed text. What unpacks to more than the limit is not unpacked further."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(base64.b64decode(packed, validate=True), MAX_STATE_CHARS)
        if not unpacker.eof or unpacker.unused_data:
            raise UsageError(f"{place}: expected at most {MAX_STATE_CHARS} characters unpacked, and a whole text")
        return plain.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{place}: expected base64 of zlib: {error}") from None
