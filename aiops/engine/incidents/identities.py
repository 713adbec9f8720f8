"""Identities of incidents, which depend on their alerts alone."""

from __future__ import annotations

from hashlib import blake2b

from aiops.engine.incidents.clusters import ClusterState

# Names of incidents that are remembered after these are forgotten: none is given twice. Some 1 MB, and ten times the
# incidents that are kept for feedback.
MAX_NAMES = 10_000


class Identities:
    """Gives each incident its id.

    `counts` is how many incidents had the name, by the name without its count; the one given longest ago first.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def give(self, cluster: ClusterState) -> str:
        """Return an identity of the cluster's first alert: its fingerprint, and its time as it was written.

        Numbers of records play no part: a daemon, a replay, and an archive with other records between give the same. A
        stream that opens a second incident at the same time of its own (a sender without a clock) is counted.
        """
        first = next(iter(cluster.members.values()))
        base = blake2b(f"{first.fingerprint}/{first.sent_at!r}".encode(), digest_size=6).hexdigest()
        count = self.counts.pop(base, 0) + 1
        self.counts[base] = count
        if len(self.counts) > MAX_NAMES:
            del self.counts[next(iter(self.counts))]
        return f"inc-{base}" if count == 1 else f"inc-{base}-{count}"
