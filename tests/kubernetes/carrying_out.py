"""Carries out a step as a run does: reads, dry run, change, and the poll afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiops_connectors.kubernetes.form import Kubernetes, KubernetesOptions
from aiops_connectors.kubernetes.kind import KubernetesKind

from aiops.http.client import HttpFailure
from aiops.step_kinds.exchange import Observed, Prepared, Progress, Reply, Request, StepRefused
from aiops.step_kinds.observing import bounded
from aiops.step_kinds.systems import System
from aiops.step_kinds.taking import checked, faults, holes, with_values
from tests.kubernetes.site import ANSWER_BYTES, Json, Site

KIND = KubernetesKind()


class Carried:
    """One step against one cluster; each request that was sent is in `sent` as (purpose, status)."""

    def __init__(self, site: Site, step: Json, **options: Any) -> None:
        form = msgspec.convert({"kind": "kubernetes", "name": "it", **step}, Kubernetes)
        system = System("kubernetes", "kubernetes", site.url, "token", site.ca_file, KubernetesOptions(**options))
        self.site = site
        self.prepared: Prepared = KIND.prepare(form, {}, system)
        assert list(faults(self.prepared)) == []
        self.sent: list[tuple[str, int]] = []
        self.values: dict[str, Any] = {}
        self.observed = Observed()
        self.timeout_s = 60.0
        # Called between the dry run and the change, when another person may act.
        self.between: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Send reads, dry run and change; raise `StepRefused` for what ends it."""
        self.read()
        if self.prepared.dry_run is not None:
            tried = self._accepted("dry run", self.prepared.dry_run)
            KIND.rehearsed(self.prepared, self.values, tried)
        self.between()
        self._accepted("change", self.prepared)

    def read(self) -> None:
        """Send the reads, and take what the step needs of them."""
        replies: list[Reply] = []
        for one in self.prepared.reads:
            if holes(one):
                self._take(replies)
            replies.append(self._accepted("read", one))
        self._take(replies)
        self.observed = bounded(KIND.observed(self.prepared, replies))
        if self.observed.managed:
            # A run does so, too, unless the operator leaves it to the person who approves.
            raise StepRefused(f"gitops_managed: {self.observed.subject} is managed by {self.observed.managed}")

    def _take(self, replies: list[Reply]) -> None:
        self.values = checked(self.prepared.taken, KIND.found(self.prepared, "read", replies))

    def progress(self) -> Progress:
        """Send the poll afterwards once."""
        assert self.prepared.poll is not None
        return KIND.progress(self.prepared, self.send("poll", self.prepared.poll.request))

    def undo(self) -> int:
        """Send what a rollback of this step sends; return the status."""
        assert self.prepared.undo is not None
        return self.send("undo", self.prepared.undo).status

    def send(self, purpose: str, request: Request) -> Reply:
        """Send one request of the step with its holes filled."""
        made = with_values(request, self.values)
        headers = {**made.headers, "authorization": f"Bearer {self.site.token()}"}
        body = b"" if made.body is None else msgspec.json.encode(made.body)
        try:
            answer = self.site.client.send(
                made.method, made.url, body=body, headers=headers, timeout_s=self.timeout_s, answer_bytes=ANSWER_BYTES
            )
        except HttpFailure as failure:
            return Reply(error=str(failure))
        self.sent.append((purpose, answer.status))
        return Reply(answer.status, body=answer.body)

    def _accepted(self, purpose: str, request: Request) -> Reply:
        reply = self.send(purpose, request)
        if reply.error is not None or reply.status not in request.statuses:
            raise StepRefused(f"{purpose}: {reply.error or reply.status}: {reply.body[:300]!r}")
        return reply
