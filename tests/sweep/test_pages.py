"""Pages: what the daemon's own policy would have sent, in the time of the records."""

from __future__ import annotations

import pytest

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChange, IncidentChanged, Mention
from aiops.records import Cause, Incident, Member
from aiops.sweep.pages import Pager


class Story:
    """Changes of one incident, as the engine emits them."""

    def __init__(self, *endpoints: EndpointConfig) -> None:
        self.pager = Pager(endpoints)
        self.version = 0

    def change(self, change: IncidentChange, at: float, severity: str = "high", named: str = "Cpu") -> None:
        self.version += 1
        status = {"resolved": "resolved", "merged": "merged", "acknowledged": "acknowledged"}.get(change, "open")
        incident = Incident(id="inc-1", status=status, severity=severity, title="Cpu on db")  # type: ignore[arg-type]
        mention = Mention(named, "db", {"warning": 2, "high": 3, "critical": 4}[severity])
        self.pager.watch(IncidentChanged(self.version, at, change, incident, self.version, [], [mention]))

    def pages(self) -> list[tuple[str, float]]:
        self.pager.finish()
        return [(page.change, page.at) for page in self.pager.pages]


@pytest.fixture
def story() -> Story:
    return Story(EndpointConfig("pager", "webhook"))


def test_opening_is_a_page_once_it_has_settled(story: Story) -> None:
    story.change("opened", 100.0)
    assert story.pages() == [("opened", 110.0)]
    [page] = story.pager.pages
    assert (page.endpoint, page.incident, page.severity, page.title) == ("pager", "inc-1", "high", "Cpu on db")


def test_incident_that_resolves_while_it_settles_is_no_page(story: Story) -> None:
    story.change("opened", 100.0, "warning")
    story.change("resolved", 120.0, "warning")
    assert story.pages() == []


def test_news_is_a_page_and_an_end_is_none(story: Story) -> None:
    story.change("opened", 100.0)
    story.change("updated", 200.0, named="Disk")
    story.change("updated", 300.0, named="Disk")
    story.change("resolved", 400.0)
    story.change("reopened", 500.0)
    assert [change for change, _ in story.pages()] == ["opened", "updated", "reopened"]


def test_endpoints_have_their_own_policies() -> None:
    story = Story(EndpointConfig("chat", "slack"), EndpointConfig("pager", "webhook", min_severity="critical"))
    story.change("opened", 100.0)
    assert story.pages() == [("opened", 110.0)]
    assert story.pager.counts() == {"opened": 1}


def test_reminders_are_pages_until_somebody_acknowledges() -> None:
    story = Story(EndpointConfig("pager", "webhook", repeat_interval_s=600.0))
    story.change("opened", 0.0)
    story.change("acknowledged", 2_000.0)
    story.pager.stop(50_000.0)
    assert story.pager.counts() == {"opened": 1, "reminder": 3}
    times = [page.at for page in story.pager.pages if page.change == "reminder"]
    assert all(earlier + 600 <= later <= earlier + 720 for earlier, later in zip([10.0, *times], times, strict=False))


def test_reminders_end_with_the_records() -> None:
    story = Story(EndpointConfig("pager", "webhook", repeat_interval_s=600.0))
    story.change("opened", 0.0)
    story.pager.stop(1_300.0)
    story.change("resolved", 90_000.0)
    assert [change for change, _ in story.pages()] == ["opened", "reminder", "reminder"]


def test_a_page_has_the_verdict_as_its_title() -> None:
    pager = Pager([EndpointConfig("pager", "webhook")])
    member = Member("f", "JobFailed", "accounts-api", "high", "firing", 1, 0.0, 0.0)
    title = "ProbeFailed on gateway and 10 more entities"
    causes = [Cause("accounts-api", confidence="high")]
    one = Incident(id="inc-1", status="open", severity="high", title=title, members=[member], causes=causes)
    pager.watch(IncidentChanged(1, 100.0, "opened", one, 1, [], [Mention("JobFailed", "accounts-api", 3)]))
    pager.finish()
    assert [page.title for page in pager.pages] == ["accounts-api job failed"]
