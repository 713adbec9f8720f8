"""The spelling of entities, and the subject of a message."""

from __future__ import annotations

# Kinds that names are spelled with (`nodes/worker-1`) and messages open with ("Node worker-1 is …"); anything else
# before a slash belongs to the name.
NAMED_KINDS = frozenset(
    (
        *("node", "host", "server", "vm", "machine", "pod", "container", "replicaset", "deployment", "statefulset"),
        *("daemonset", "job", "cronjob", "service", "app", "instance", "database", "queue", "cluster", "namespace"),
        *("volume", "persistentvolume", "persistentvolumeclaim", "pvc"),
    )
)
# How much of a message is read: messages come from payloads.
MAX_MESSAGE = 512


def spelled(entity: str) -> tuple[str, str]:
    """Kind and name in spellings such as `nodes/worker-01`, which tools also write `node/worker-01`.

    >>> spelled("nodes/worker-01"), spelled("worker-01"), spelled("https://queue")
    (('node', 'worker-01'), ('unknown', 'worker-01'), ('unknown', 'https://queue'))
    """
    kind, slash, name = entity.partition("/")
    kind = kind.lower().removesuffix("s")
    return (kind, name) if slash and name and kind in NAMED_KINDS else ("unknown", entity)


def tail(entity: str) -> str:
    """The name without its `kind/` prefix.

    >>> tail("app/cart"), tail("cart")
    ('cart', 'cart')
    """
    return spelled(entity)[1]


def subject(message: str, name: str) -> str | None:
    """Return the subject of a message whose alert has no entity.

    Such as "Node worker-1 is NotReady" or "worker-1: NAME …".

    >>> subject("Node worker-1 is NotReady", "NodeNotReady"), subject("worker-1: PacketLoss 3 %", "PacketLoss")
    ('node/worker-1', 'worker-1')
    """
    words = message[:MAX_MESSAGE].split(None, 3)
    if len(words) < 2:
        return None
    if words[0].lower() in NAMED_KINDS:
        return f"{words[0].lower()}/{words[1]}"
    return words[0][:-1] if words[0].endswith(":") and words[1] == name and len(words[0]) > 1 else None
