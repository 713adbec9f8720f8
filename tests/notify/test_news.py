"""What is news to an endpoint: names, services and severities that it was not told, each in a message in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.engine.events import Mention
from aiops.notify.news import MAX_LINES
from aiops.notify.policy import SLOW_EVERY_S
from aiops.records import Member, Severity
from tests.notify.desk import Desk, OpenDesk

API = Mention("ApiErrors", "api", Severity.HIGH)
DOWN = Mention("PaymentsDown", "payments", Severity.CRITICAL)
SLOW = Mention("CartSlow", "cart", Severity.WARNING)


def many(count: int, first: int = 0) -> tuple[Mention, ...]:
    return tuple(Mention(f"Alert{n}", f"svc-{n}", Severity.HIGH) for n in range(first, first + count))


def test_a_critical_alert_that_joins_what_is_known_is_notified_with_its_name(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0, "high": 0.0})
    desk.event("opened", "critical", names=(API,))
    desk.wait(33)
    desk.event("updated", "critical", names=(DOWN,))
    desk.deliver()
    assert desk.changes() == ["opened", "updated"]
    assert desk.news[-1] == ["new: PaymentsDown on payments (critical)"]


def test_what_was_named_is_no_news_and_a_worse_severity_of_it_is(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", "critical", names=(DOWN, SLOW))
    desk.wait(6)
    desk.event("updated", "critical", names=(DOWN, Mention("CartSlow", "payments", Severity.WARNING)))
    desk.wait(100)
    assert desk.changes() == ["opened"]
    desk.event("updated", "critical", names=(Mention("CartSlow", "cart", Severity.CRITICAL),))
    desk.wait(10)
    assert desk.news[-1] == ["worse: CartSlow on cart (critical)"]
    desk.event("updated", "critical", names=(Mention("PaymentsDown", "orders", Severity.CRITICAL),))
    desk.wait(20)
    assert desk.news[-1] == ["new: PaymentsDown on orders (critical)"]


def test_a_warning_that_joins_is_no_news_to_a_pager_and_an_incident_grows_into_it(open_desk: OpenDesk) -> None:
    desk = open_desk(min_severity="high")
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(6)
    desk.event("updated", "critical", names=(SLOW,))
    desk.wait(100)
    assert desk.changes() == ["opened"]
    desk.event("updated", "critical", names=(Mention("CartSlow", "cart", Severity.HIGH),))
    desk.wait(31)
    assert desk.news[-1] == ["new: CartSlow on cart (high)"], "the pager never heard of the warning"


def test_news_is_put_together_and_never_waits_longer_for_more_of_it(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0, "high": 30.0}, update_every_s=15.0)
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(1)
    for number in range(60):
        desk.event("updated", "critical", names=many(1, number))
        desk.wait(1)
    desk.wait(60)
    updates = [at for at, change in zip(desk.times, desk.changes(), strict=True) if change == "updated"]
    assert updates[0] <= 1_000.0 + 1 + 30, "the first news waits as long as it settles, whatever comes after it"
    assert 2 <= len(updates) <= 5
    said = [line for news in desk.news for line in news if line.startswith("new:")]
    assert len(said) == len(set(said)), "nothing is said twice"
    more = sum(int(line.split()[1]) for news in desk.news for line in news if line.startswith("and "))
    assert len(said) + more == 60, "all of it is said, or counted"


def test_beyond_the_cap_news_goes_out_at_the_slower_rate(open_desk: OpenDesk) -> None:
    desk = open_desk(max_updates=1, update_every_s=15.0, settle_s={"critical": 0.0, "high": 0.0})
    desk.event("opened", "critical", names=(DOWN,))
    desk.deliver()
    for number in range(3):
        desk.wait(20)
        desk.event("updated", "critical", names=many(1, number))
    desk.wait(SLOW_EVERY_S)
    assert desk.changes() == ["opened", "updated", "updated"]
    assert desk.news[-1] == ["new: Alert1 on svc-1 (high)", "new: Alert2 on svc-2 (high)"]
    assert desk.times[2] - desk.times[1] == pytest.approx(SLOW_EVERY_S, abs=1)


def test_an_acknowledgement_does_not_swallow_news_that_waits(open_desk: OpenDesk) -> None:
    desk = open_desk(update_every_s=600.0, settle_s={"critical": 0.0})
    desk.event("opened", "critical", names=(API,))
    desk.deliver()
    desk.wait(1)
    desk.event("updated", "critical", names=(DOWN,))
    desk.event("acknowledged", "critical")
    desk.deliver()
    assert desk.changes() == ["opened", "updated", "acknowledged"]
    assert desk.news[1] == ["new: PaymentsDown on payments (critical)"]


def test_a_reopened_incident_names_anew(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0}, update_every_s=1.0)
    desk.event("opened", "critical", names=(API, DOWN))
    desk.wait(2)
    desk.event("resolved", "critical")
    desk.wait(2)
    desk.event("reopened", "critical", names=(API,))
    desk.wait(2)
    desk.event("updated", "critical", names=(DOWN,))
    desk.wait(2)
    assert desk.news[-1] == ["new: PaymentsDown on payments (critical)"]


def test_what_settles_takes_news_up_and_needs_no_second_message(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"high": 30.0, "critical": 30.0})
    desk.event("opened", "high", names=(API,))
    desk.wait(10)
    desk.event("updated", "high", names=many(2))
    desk.wait(100)
    desk.event("updated", "high", names=())
    desk.wait(100)
    assert desk.changes() == ["opened"]


def test_ends_are_left_out_where_nobody_wants_them(open_desk: OpenDesk) -> None:
    desk = open_desk(send_resolved=False, update_every_s=600.0)
    desk.event("opened", "critical", names=(API,))
    desk.wait(6)
    desk.event("updated", "critical", names=(DOWN,))
    desk.event("resolved", "critical")
    desk.wait(1_000)
    assert desk.changes() == ["opened"], "neither the end nor what waited before it"
    desk.event("reopened", "critical", names=(API,))
    desk.wait(10)
    assert desk.changes() == ["opened", "reopened"]


def test_what_an_endpoint_was_told_survives_the_process(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state", settle_s={"critical": 0.0})
    desk.event("opened", "critical", names=(API,))
    desk.event("updated", "critical", names=(DOWN,))
    desk.store.close()
    after = Desk(tmp_path / "state", settle_s={"critical": 0.0})
    after.now, after.frame, after.version, after.named = desk.now, desk.frame, desk.version, desk.named
    # Neither message had left: nothing of it is forgotten, and the newer news is told with it.
    after.wait(20)
    assert (after.changes(), after.news[-1]) == (["opened", "updated"], ["new: PaymentsDown on payments (critical)"])
    after.event("updated", "critical", names=())
    after.wait(100)
    assert after.changes() == ["opened", "updated"]
    after.store.close()


def firing(*names: str) -> list[Member]:
    return [Member(f"f-{name}", name, "node-1", "critical", "firing", 1, 0.0, 0.0) for name in names]


def test_an_end_carries_the_news_that_waits_and_names_what_fires_on(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0})
    desk.event("opened", "critical", names=(API,))
    desk.wait(1)
    desk.event("updated", "critical", names=(DOWN,))
    desk.event("resolved", "critical", names=(Mention("LateDown", "late", Severity.CRITICAL),), members=firing("Beta"))
    desk.wait(100)
    assert desk.changes() == ["opened", "resolved"], "one message says both"
    assert desk.news[-1] == [
        "new: PaymentsDown on payments (critical)",
        "new: LateDown on late (critical)",
        "still firing: Beta on node-1 (critical)",
    ]


def test_an_end_has_no_news_where_all_was_said(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0}, min_severity="high")
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(1)
    desk.event("updated", "critical", names=(SLOW,))
    desk.event("resolved", "critical")
    desk.wait(1)
    assert (desk.changes(), desk.news[-1]) == (["opened", "resolved"], [])


def test_who_wants_no_ends_gets_the_news_of_what_fires_on(open_desk: OpenDesk) -> None:
    desk = open_desk(send_resolved=False, update_every_s=600.0)
    desk.event("opened", "critical", names=(API,))
    desk.wait(6)
    desk.event("updated", "critical", names=(DOWN,))
    desk.event("resolved", "critical", members=firing("PaymentsDown"))
    desk.wait(1)
    assert desk.changes() == ["opened", "updated"]
    assert desk.news[-1][0] == "new: PaymentsDown on payments (critical)"
    desk.event("reopened", "critical", names=(API,))
    desk.wait(700)
    assert desk.changes() == ["opened", "updated", "reopened"]


def test_what_a_message_does_not_name_is_counted_and_a_message_says_where_it_stands(open_desk: OpenDesk) -> None:
    desk = open_desk(settle_s={"critical": 0.0, "high": 0.0})
    desk.event("opened", "critical", names=(DOWN,))
    desk.wait(1)
    desk.event("updated", "critical", names=many(MAX_LINES + 13))
    desk.wait(20)
    assert len(desk.news[-1]) == MAX_LINES + 1
    assert desk.news[-1][-1] == "and 13 more alerts: see the incident's page"


def test_a_name_at_a_service_that_never_had_it_is_new_though_both_are_known(open_desk: OpenDesk) -> None:
    desk = open_desk()
    web = Mention("ServiceDown", "web", Severity.HIGH)
    desk.event("opened", "critical", names=(web, Mention("CartSlow", "cart", Severity.WARNING)))
    desk.wait(31)
    desk.event("updated", "critical", names=(Mention("ServiceDown", "cart", Severity.CRITICAL),))
    desk.wait(20)
    assert desk.news[-1] == ["new: ServiceDown on cart (critical)"]
    desk.event("updated", "critical", names=(Mention("ServiceDown", "web", Severity.CRITICAL),))
    desk.wait(20)
    assert desk.news[-1] == ["worse: ServiceDown on web (critical)"], "there it was milder before"


@pytest.mark.parametrize("severity", ["high", "critical"])
def test_the_one_entity_that_alerts_is_no_news_as_the_suspect(open_desk: OpenDesk, severity: str) -> None:
    desk = open_desk(settle_s={"critical": 0.0, "high": 0.0}, update_every_s=0.0)
    desk.entities = ["web-1"]
    desk.event("opened", severity, names=(API,))
    desk.wait(2)
    desk.event("updated", severity, cause="web-1")
    desk.wait(100)
    assert desk.changes() == ["opened"]
    desk.event("updated", severity, cause="db-1")
    desk.wait(100)
    assert desk.news[-1] == ["suspected cause: db-1"], "it does not alert, and is news"
    desk.entities = ["web-1", "db-1"]
    desk.event("updated", severity, cause="web-1")
    desk.wait(100)
    assert desk.news[-1] == ["suspected cause: web-1, was db-1"]
