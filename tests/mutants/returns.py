"""Mutants of incidents that return: what counts as a return, how long an incident waits for it, who is notified."""

from __future__ import annotations

from tests.mutants.model import Mutant

RETURNS = ("tests/notify/test_returns.py",)
COMES_BACK = ("tests/engine/incidents/test_returns.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "notify-a-return-pages-again",
        "aiops/notify/policy.py",
        "    return Notification(RETURNED, due_at,",
        '    return Notification("reopened", due_at,',
        RETURNS,
    ),
    Mutant(
        "notify-a-worse-return-pages-nobody",
        "aiops/notify/policy.py",
        '    if news is not None and (news.level is not None or news.rises):\n        return Notification("reopened"',
        '    if False:\n        return Notification("reopened"',
        RETURNS,
    ),
    Mutant(
        "notify-any-news-makes-a-return-worse",
        "aiops/notify/policy.py",
        '    if news is not None and (news.level is not None or news.rises):\n        return Notification("reopened"',
        '    if news is not None:\n        return Notification("reopened"',
        RETURNS,
    ),
    Mutant(
        "notify-what-gets-worse-after-a-quiet-return-pages-nobody",
        "aiops/notify/policy.py",
        "    if not is_over and before.last_change != RETURNED:",
        "    if not is_over:",
        RETURNS,
    ),
    Mutant(
        "notify-what-joins-an-open-incident-that-returned-pages-again",
        "aiops/notify/policy.py",
        "    if not is_over and before.last_change != RETURNED:",
        "    if False:",
        RETURNS,
    ),
    Mutant(
        "notify-a-persons-end-is-held",
        "aiops/notify/policy.py",
        "    due_at = now if event.by_person else now + endpoint.hold_resolved_s",
        "    due_at = now + endpoint.hold_resolved_s",
        RETURNS,
    ),
    Mutant(
        "notify-a-held-end-is-sent-though-it-returned",
        "aiops/notify/policy.py",
        'outbox.withdraw(endpoint.name, event.incident.id, ("resolved",), now)',
        "False",
        RETURNS,
    ),
    Mutant(
        "notify-a-return-that-ends-while-it-settles-is-sent",
        "aiops/store/outbox.py",
        "SETTLING = (*BEGUN, RETURNED, MOVED)",
        "SETTLING = (*BEGUN, MOVED)",
        RETURNS,
    ),
    Mutant(
        "returns-each-pause-ends-the-incident",
        "aiops/engine/incidents/lifecycle.py",
        "return max(least, min(cluster.returns.patience_s(), self.config.return_window_s))",
        "return least",
        COMES_BACK,
    ),
    Mutant(
        "returns-patience-without-bound",
        "aiops/engine/incidents/lifecycle.py",
        "return max(least, min(cluster.returns.patience_s(), self.config.return_window_s))",
        "return max(least, cluster.returns.patience_s())",
        COMES_BACK,
    ),
    Mutant(
        "returns-what-a-person-ended-continues-quietly",
        "aiops/engine/incidents/lifecycle.py",
        "            and not incident.ended_by_hand\n",
        "",
        COMES_BACK,
    ),
    Mutant(
        "returns-after-any-time-are-quiet",
        "aiops/engine/incidents/lifecycle.py",
        "            and at - ended_at <= self.config.return_window_s\n",
        "",
        COMES_BACK,
    ),
    Mutant(
        "returns-an-acknowledgement-is-forgotten",
        "aiops/engine/incidents/lifecycle.py",
        'incident.status = "acknowledged" if incident.was_acknowledged else "open"',
        'incident.status = "open"',
        COMES_BACK,
    ),
    Mutant(
        "returns-something-else-counts",
        "aiops/engine/incidents/episodes.py",
        "if known(cluster, arrival.stream) is not None:",
        "if True:",
        COMES_BACK,
    ),
    Mutant(
        "returns-while-it-fires",
        "aiops/engine/incidents/episodes.py",
        "now - cluster.active_at >= QUIET_S and not fires_by_account(cluster)",
        "now - cluster.active_at >= QUIET_S",
        COMES_BACK,
    ),
]
