"""People mark incidents as noise or as actionable, undo it, and open what a model held."""

from __future__ import annotations

import pytest

from aiops.engine.events import Feedback
from aiops.records import Incident
from tests.engine.noise.models import state, swap
from tests.engine.noise.site import Site, openings


@pytest.fixture
def site() -> Site:
    made = Site(model=False)
    made.alert("Slow", "db")
    return made


def incident_of(site: Site) -> str:
    return next(reversed(site.engine.incidents.by_id))


def shown(site: Site) -> Incident:
    found = site.engine.present(incident_of(site))
    assert found is not None
    return found[0]


def test_a_mark_is_kept_with_what_the_decision_saw_and_notifies_nobody(site: Site) -> None:
    name = incident_of(site)
    assert site.act("mark", name, **{"as": "noise"}).reason == "marked as noise; nobody is notified"
    marked = shown(site).marked
    assert marked is not None
    assert (marked.label, marked.actor) == ("noise", "alice")
    assert site.act("mark", name, **{"as": "noise"}).reason == "was marked as noise before: nothing changed"
    [lesson] = site.engine.noise.lessons()
    assert (lesson.label, lesson.sight.kinds) == ("noise", ["Slow @ db"])  # type: ignore[union-attr]


def test_a_mark_is_changed_and_undone_step_by_step(site: Site) -> None:
    name = incident_of(site)
    site.act("mark", name, **{"as": "noise"})
    site.act("mark", name, **{"as": "actionable"})
    assert site.act("undo", name).reason == "marked as noise again"
    assert site.act("undo", name).reason == "no longer marked"
    assert site.engine.ranking.outcomes.count["noise"] == 1
    assert shown(site).marked is None
    assert site.engine.noise.lessons() == []


@pytest.mark.parametrize("label", ["", "worse", "NOISE"])
def test_an_unknown_mark_is_refused(site: Site, label: str) -> None:
    done = site.act("mark", incident_of(site), **{"as": label})
    assert not done.applied
    assert "expected noise or actionable" in done.reason


def test_a_confirmed_cause_implies_that_it_was_actionable_but_a_mark_counts_more(site: Site) -> None:
    name = incident_of(site)
    assert site.act("confirm_playbook", name, playbook="restart", outcome="useless").applied
    assert shown(site).marked is None
    assert site.act("confirm_playbook", name, playbook="restart", outcome="helped").applied
    marked = shown(site).marked
    assert marked is not None
    assert (marked.label, marked.is_implied) == ("actionable", True)
    assert site.act("mark", name, **{"as": "noise"}).reason == "marked as noise; nobody is notified"
    site.act("confirm_playbook", name, playbook="restart", outcome="resolved")
    assert shown(site).marked.label == "noise"  # type: ignore[union-attr]


def test_a_held_alert_is_opened_by_hand_marked_and_its_kind_is_not_held_again() -> None:
    site = Site()
    site.held()
    entity = f"host-{site.count}"
    [cluster] = [one for one in site.engine.clusters.by_number.values() if one.number in site.engine.noise.held]
    fingerprint = next(iter(cluster.members.values())).fingerprint
    done = site.act("open", alert=fingerprint)
    assert done.reason == (
        f"opened as {cluster.incident}, and marked as actionable; endpoints are notified of it as of any other"
    )
    assert (site.engine.noise.counts["taken_back"], shown(site).marked.label) == (1, "actionable")  # type: ignore[union-attr]
    assert site.act("resolve", str(cluster.incident)).applied
    site.pass_time(50_000.0)
    assert site.alert(entity=entity, after=50_000.0).disposition == "incident"


def test_only_a_background_alert_that_is_known_can_be_opened(site: Site) -> None:
    [cluster] = [one for one in site.engine.clusters.by_number.values() if one.incident]
    fingerprint = next(iter(cluster.members.values())).fingerprint
    assert f"is in {cluster.incident}" in site.act("open", alert=fingerprint).reason
    assert "fires or fired lately" in site.act("open", alert="0123").reason
    assert "got none" in site.act("open").reason


def test_a_promoted_model_is_a_record_and_what_does_not_load_is_refused(site: Site) -> None:
    events = site.fold(swap(site.now, state(severity=9)))
    [feedback] = [event for event in events if isinstance(event, Feedback)]
    assert "$.args.state" in feedback.reason
    assert openings(events) == []
    assert site.engine.noise.model is None
