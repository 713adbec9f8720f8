"""The link to a runbook that an alert carries: an annotation, and no part of its identity."""

from __future__ import annotations

from collections.abc import Mapping

# The names of Prometheus' mixins and of older rules.
NAMES = ("runbook_url", "runbook")
MAX_LINK = 2048


def runbook_link(annotations: Mapping[str, str], labels: Mapping[str, str]) -> str | None:
    """Return the web address of an alert's runbook; a label is used where there is no annotation.

    Only web addresses: the page links to it, and a `javascript:` one would run there.

    >>> runbook_link({"runbook_url": "https://runbooks.example/disk"}, {"runbook": "https://old.example"})
    'https://runbooks.example/disk'
    >>> runbook_link({"runbook": "see the wiki"}, {}) is None
    True
    """
    for texts in (annotations, labels):
        for name in NAMES:
            link = texts.get(name)
            if link and len(link) <= MAX_LINK and link.lower().startswith(("http://", "https://")):
                return link
    return None
