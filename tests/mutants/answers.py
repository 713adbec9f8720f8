"""Mutants of what half of an answer may prove: its status, and nothing else."""

from __future__ import annotations

from tests.mutants.model import Mutant

COUNTS = ("tests/respond/test_runs_report.py",)
FINDINGS = ("tests/collect/test_evidence.py",)
TESTS = ("tests/respond/test_cut_answers.py", "tests/collect/test_http_reader.py")
E = "aiops/respond/execution.py"


def _one(name: str, path: str, old: str, new: str) -> Mutant:
    return Mutant(f"answers-{name}", path, old, new, TESTS)


MUTANTS: list[Mutant] = [
    _one("a-long-one-is-whole", "aiops/http/client.py", "if len(body) > most:", "if False:"),
    _one("the-longest-one-is-cut", "aiops/http/client.py", "len(body) > most:", "len(body) >= most:"),
    _one("a-broken-one-is-whole", "aiops/http/client.py", 'cut = "it broke off before its end"', "pass"),
    _one(
        "half-of-one-is-given-to-kinds", "aiops/respond/transport.py", 'b"" if reply.cut else reply.body', "reply.body"
    ),
    _one("half-of-one-is-judged", "aiops/respond/sending.py", 'b"" if self.cut else self.body', "self.body"),
    _one("half-of-one-is-forgotten", "aiops/respond/sending.py", "reply.body, cut=reply.cut)", "reply.body)"),
    _one("half-of-a-read-is-read", "aiops/respond/gate.py", "_whole(self._send(call, call.reads[number], values))",
         "self._send(call, call.reads[number], values)"),
    _one("half-of-a-dry-run-is-enough", "aiops/respond/gate.py", "_whole(self._send(call, call.dry_run, values))",
         "self._send(call, call.dry_run, values)"),
    _one("half-of-progress-is-a-failure", E, 'if sent.cut and sent.problem is None and progress.state != "done":',
         "if False:"),
    _one("half-of-the-answer-to-a-change-is-a-failure", E, "sent.unsure = bool(sent.problem and sent.cut)", "pass"),
    _one("half-of-a-log-is-a-log", "aiops/collect/http_reader.py", "        if reply.cut:\n", "        if False:\n"),
    Mutant("answers-a-value-is-a-template", "aiops/collect/evidence.py", "text = _PLACE.sub(value, rule.sentence)",
           "text = _PLACE.sub(value, _PLACE.sub(value, rule.sentence))", FINDINGS),
    Mutant("report-a-repeated-decision-is-many", "aiops/respond/history.py", "not code or key in self.counted",
           "not code", COUNTS),
    Mutant("report-shadow-and-real-are-one", "aiops/respond/history.py",
           "counts = self.shadow_counts if shadow else self.counts", "counts = self.counts", COUNTS),
    Mutant("report-shadow-hides-the-real-decision", "aiops/respond/history.py", "key = (playbook, code, about, shadow)",
           "key = (playbook, code, about, False)", COUNTS),
    Mutant("shadow-what-was-acted-on-cleared-alone", "aiops/daemon/auto_runs.py",
           "not self._runner.history.acted_on(run, until)", "True", ("tests/daemon/test_auto_runs.py",)),
    Mutant("shadow-what-sent-nothing-acted", "aiops/respond/history.py", "if run.touched and run.began <= until]",
           "if run.began <= until]", ("tests/backtest/test_remediation.py",)),
    Mutant("replay-what-was-acted-on-cleared-alone", "aiops/backtest/remediation.py",
           "history is not None and history.acted_on(run, run.ended)", "False",
           ("tests/backtest/test_remediation.py",)),
    Mutant("replay-a-missing-trail-is-an-empty-one", "aiops/backtest/remediation.py",
           "is_known = live is None or (history is not None and history.gap is None)", "is_known = True",
           ("tests/backtest/test_remediation.py",)),
    Mutant("replay-a-cut-trail-is-whole", "aiops/backtest/remediation.py",
           "(history is not None and history.gap is None)", "history is not None",
           ("tests/backtest/test_remediation.py",)),
    Mutant("answers-a-value-is-a-blank", "aiops/respond/rendering.py",
           """return word.replace("<", "<''") if BLANK.search(word) else word""", "return word",
           ("tests/respond/test_rendering.py",)),
    Mutant("answers-a-partial-answer-of-prometheus-is-whole", "connectors/aiops_connectors/prometheus_check.py",
           "if (doubt := _doubt(body)) is not None:", "if (doubt := None) is not None:",
           ("tests/connectors/test_prometheus_check.py",)),
    Mutant("answers-a-gateway-answers-for-its-system", "aiops/respond/sending.py", "_UNANSWERED = (0, 502, 504)",
           "_UNANSWERED = (0,)", ("tests/respond/test_execution.py",)),
]  # fmt: skip
