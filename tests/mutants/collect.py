"""Mutants of read-only diagnosis: selectors, paths, secrets, budget, one repeat, and what findings may change."""

from __future__ import annotations

from tests.mutants.model import Mutant

SELECTORS = ("tests/respond/test_selectors.py",)
REQUESTS = ("tests/collect/test_requests.py",)
COLLECTING = ("tests/daemon/test_collecting.py",)
QUEUE = ("tests/daemon/test_collect_queue.py",)
FINDINGS = ("tests/engine/test_finding_actions.py",)
CAUSES = ("tests/models/test_cause_findings.py",)
POLICY = ("tests/notify/test_policy.py",)
SQLITE = ("tests/collect/test_sqlite_reader.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "collect-a-quote-ends-the-literal",
        "aiops/respond/selectors.py",
        '    if char in \'"\\\\\':\n        return "\\\\" + char\n',
        '    if char in \'"\':\n        return "\\\\" + char\n',
        SELECTORS,
    ),
    Mutant(
        "collect-a-value-is-an-expression",
        "aiops/respond/selectors.py",
        "(quoted(value) if PLACEHOLDER.search(one.value) else value)",
        "value",
        SELECTORS,
    ),
    Mutant(
        "collect-a-selector-inside-a-string",
        "aiops/respond/selectors.py",
        "if quote or depth != 1:",
        "if depth != 1:",
        SELECTORS,
    ),
    Mutant(
        "collect-any-path-of-a-system",
        "aiops/collect/requests.py",
        "if not any(_fits(place, pattern) for pattern in allowed):",
        "if not allowed:",
        REQUESTS,
    ),
    Mutant(
        "collect-a-star-covers-a-slash",
        "aiops/collect/requests.py",
        "return len(wanted) == len(found) and all(map(fnmatchcase, found, wanted))",
        "return fnmatchcase(place, pattern)",
        REQUESTS,
    ),
    Mutant(
        "collect-a-name-with-a-slash",
        "aiops/collect/kubernetes_paths.py",
        'if value is None or not _NAME.fullmatch(value) or ".." in value:',
        'if value is None or not _NAME.match(value) or ".." in value:',
        ("tests/collect/test_kubernetes_paths.py",),
    ),
    Mutant(
        "collect-a-file-that-is-written",
        "aiops/collect/sqlite_reader.py",
        "return sqlite3.SQLITE_OK if action in _READING and not is_forbidden else sqlite3.SQLITE_DENY",
        "return sqlite3.SQLITE_OK",
        SQLITE,
    ),
    Mutant(
        "collect-a-statement-without-end",
        "aiops/collect/sqlite_reader.py",
        "int(self._monotonic() > ends or not gate())",
        "int(not gate())",
        SQLITE,
    ),
    Mutant(
        "collect-a-secret-column-is-shown",
        "aiops/collect/tables.py",
        "_all_hidden(rows, name) if is_secret_name(name) else _cells(rows, name, known)",
        "_cells(rows, name, known)",
        ("tests/collect/test_tables.py",),
    ),
    Mutant(
        "collect-a-key-is-shown-after-its-first-line",
        "aiops/collect/secrets.py",
        "if begins or in_key:",
        "if begins:",
        ("tests/collect/test_secrets.py",),
    ),
    Mutant(
        "collect-a-refused-read-takes-its-turn",
        "aiops/collect/budget.py",
        "        if len(self._taken) >= self._per_minute:\n",
        "        if len(self._taken) > self._per_minute:\n",
        ("tests/collect/test_budget.py",),
    ),
    Mutant(
        "collect-a-storm-is-read-of",
        "aiops/daemon/collect_queue.py",
        "if name not in self._playbooks or incident.is_storm or",
        "if name not in self._playbooks or",
        QUEUE,
    ),
    Mutant(
        "collect-every-update-reads-again",
        "aiops/daemon/collect_queue.py",
        "if wanted not in self._seen:",
        "if True:",
        QUEUE,
    ),
    Mutant(
        "collect-a-crash-repeats-for-ever",
        "aiops/daemon/collecting.py",
        "if attempts > MAX_ATTEMPTS:",
        "if attempts > 99:",
        COLLECTING,
    ),
    Mutant(
        "collect-a-read-is-known-only-after-it",
        "aiops/daemon/collecting.py",
        "            self._write([reading for _, reading in planned])\n",
        "            pass\n",
        COLLECTING,
    ),
    Mutant(
        "collect-a-lost-report-is-forgotten",
        "aiops/daemon/collecting.py",
        "            if answer is None:\n",
        "            if False:\n",
        COLLECTING,
    ),
    Mutant(
        "collect-a-stop-waits-for-a-system-that-hangs",
        "aiops/daemon/collecting.py",
        "        if not self._stopping:\n            self._table.write(readings)\n",
        "        self._table.write(readings)\n",
        COLLECTING,
    ),
    Mutant(
        "finding-counts-each-time",
        "aiops/engine/finding_actions.py",
        "fresh = [one for one in found if (one.by, one.entity, one.text) not in known]",
        "fresh = list(found)",
        FINDINGS,
    ),
    Mutant(
        "finding-ends-an-incident",
        "aiops/engine/finding_actions.py",
        "        what = self.incidents.assess_now(incident, cluster)\n",
        "        what = self.incidents.assess_now(incident, cluster)\n        incident.severity = 1\n",
        FINDINGS,
    ),
    Mutant(
        "finding-of-an-earlier-life-counts",
        "aiops/engine/incidents/lifecycle.py",
        "            incident.findings = None\n",
        "",
        FINDINGS,
    ),
    Mutant(
        "finding-makes-anybody-a-suspect",
        "models/aiops_models/causes/findings.py",
        "        if entity not in candidates:\n            continue\n",
        "",
        CAUSES,
    ),
    Mutant(
        "finding-without-bound",
        "models/aiops_models/causes/findings.py",
        "known.value = min(MAX_VALUE, known.value + WEIGHTS[finding.weight])",
        "known.value = known.value + WEIGHTS[finding.weight]",
        CAUSES,
    ),
    Mutant(
        "finding-breaks-a-snooze",
        "aiops/notify/policy.py",
        'return "note" in event.what or (bool(event.said) and "finding" not in event.what)',
        'return "note" in event.what or bool(event.said)',
        POLICY,
    ),
    Mutant(
        "collect-a-missing-system-is-not-stated",
        "aiops/daemon/collecting.py",
        "            if not isinstance(collector, Collect):\n                continue\n",
        "            if not isinstance(collector, Collect) or unreadable(collector, self._sources.readers):\n"
        "                continue\n",
        COLLECTING,
    ),
    Mutant(
        "collect-a-refused-finding-is-not-stated",
        "aiops/daemon/collecting.py",
        "            if not answer.applied:\n",
        "            if False:\n",
        COLLECTING,
    ),
    Mutant(
        "collect-a-finding-without-a-suspect-is-not-stated",
        "aiops/daemon/collecting.py",
        "for one in unplaced(collector.rules, rows, job.values, job.cause)),",
        "for one in []),",
        COLLECTING,
    ),
]
