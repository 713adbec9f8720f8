"""Faults of a broker that no retry can help, by the names in both clients.

Everything else counts as an unreachable broker: it is retried with growing waits.
"""

from __future__ import annotations

import re

from aiops_connectors.kafka.consumer import BrokerError, RefusedError

# Error codes of the protocol (https://kafka.apache.org/41/design/protocol/) by which a broker refuses us or our
# settings, as both clients spell them: `TOPIC_AUTHORIZATION_FAILED` and `TopicAuthorizationFailedError`. Then the
# clients' own errors: wrong settings, certificates, passwords.
_REFUSALS = (
    "authorizationfailed",
    "saslauthenticationfailed",
    "unsupportedsaslmechanism",
    "illegalsaslstate",
    "securitydisabled",
    "invalidtopic",
    "topicexception",
    "invalidgroupid",
    "invalidsessiontimeout",
    "inconsistentgroupprotocol",
    "groupmaxsizereached",
    "fencedinstanceid",
    "unsupportedversion",
    "incompatiblebroker",
    "unrecognizedbrokerversion",
    "kafkaconfiguration",
    "_authentication",
    "_ssl",
    "_invalidarg",
)
_IN_TEXT = re.compile(
    r"certificate|authentication failed|SaslAuthenticationFailed|UnsupportedSaslMechanism",
    re.IGNORECASE,
)


def broker_error(name: str, text: str) -> BrokerError:
    """The error to raise for what a client calls `name`: `RefusedError` where no retry helps."""
    texts = f"{name}: {text}"[:500]
    # `_SSL` and the like are librdkafka's own; without their mark they would be found in the middle of other names.
    own = name.startswith("_")
    plain = ("_" if own else "") + name.replace("_", "").lower()
    refused = any(plain.startswith(each) if own else each in plain for each in _REFUSALS)
    return RefusedError(texts) if refused or _IN_TEXT.search(text) else BrokerError(texts)
