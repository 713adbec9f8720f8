"""Changes in words: only what was measured, and "since" only of what came before."""

from __future__ import annotations

import pytest

from aiops.records import Cause, Change, Incident
from aiops.verdict.changes import before_onset, change_sentence, since, what_of

ONSET = 1_000.0


def incident() -> Incident:
    return Incident(id="i-1", first_alert_at=ONSET)


def cause(name: str = "deploy", ts: float = ONSET - 24, entity: str = "api", **labels: str) -> Cause:
    return Cause("api", change=Change(ts=ts, entity=entity, name=name, labels=labels))


def test_a_change_before_the_onset_is_named_with_its_version() -> None:
    one = cause(version="8.14.6")
    assert since(one, incident()) == "since deploy 8.14.6"
    assert change_sentence(one, incident()) == "Deploy 8.14.6 went out 24 s before the first alert."


def test_a_change_after_the_onset_is_no_since() -> None:
    one = cause(ts=ONSET + 20, version="8.14.6")
    assert since(one, incident()) == ""
    assert before_onset(one, incident()) is None
    assert change_sentence(one, incident()) == "Deploy 8.14.6 went out 20 s after the first alert."


def test_maintenance_and_other_changes_have_their_own_words() -> None:
    assert since(cause("maintenance"), incident()) == "during maintenance"
    assert change_sentence(cause("config", ts=ONSET - 600), incident()) == "Config came 10 min before the first alert."
    synced = cause("sync Succeeded", kind="deploy")
    assert change_sentence(synced, incident()) == "Deploy (sync Succeeded) went out 24 s before the first alert."
    moved = cause(entity="db-1", version="9")
    assert change_sentence(moved, incident()) == "Deploy 9 went out to db-1 24 s before the first alert."


@pytest.mark.parametrize("one", [None, Cause("api")])
def test_nothing_is_stated_without_a_change(one: Cause | None) -> None:
    assert (since(one, incident()), change_sentence(one, incident())) == ("", "")


def test_a_version_is_found_where_tools_put_it() -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    assert what_of(Change(ts=0.0, entity="api", name="deploy", labels={"commit": sha})) == "deploy 01234567"
    assert what_of(Change(ts=0.0, entity="api", name="deploy", message="api v1.42.0 rolled out")) == "deploy v1.42.0"
    assert what_of(Change(ts=0.0, entity="api", name="deploy 1.42", message="1.42")) == "deploy 1.42"
    assert what_of(Change(ts=0.0, entity="api", name="flag on", message="rolled out at 12")) == "flag on"


def test_texts_of_anybody_are_short() -> None:
    one = Change(ts=0.0, entity="api", name="deploy\n" * 200, labels={"version": "9" * 500}, message="1." * 500)
    assert len(what_of(one)) < 80
    assert "\n" not in what_of(one)
