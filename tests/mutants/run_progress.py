"""Mutants of the record of a run: what is done, unknown and not begun, wherever it was cut off."""

from __future__ import annotations

from tests.mutants.model import Mutant

TESTS = ("tests/respond/test_run_progress.py",)
P = "aiops/respond/run_progress.py"


def _one(name: str, old: str, new: str, path: str = P) -> Mutant:
    return Mutant(f"record-{name}", path, old, new, TESTS)


MUTANTS: list[Mutant] = [
    _one("an-intent-is-left-to-do", "            run.left.remove(name)\n", "            pass\n"),
    _one(
        "an-intent-is-in-no-list",
        '        run.unknown.append(self.open[data["key"]])\n\n    def answer',
        "\n    def answer",
    ),
    _one("what-was-not-sent-is-in-no-list", "            run.left.insert(0, name)\n", "            pass\n"),
    _one("no-answer-is-an-answer", "(run.unknown if _is_unsure(data) else run.done).append", "run.done.append"),
    _one("accepted-is-done-before-it-was-followed", 'elif data["key"] in self.followed:', "elif False:"),
    _one("not-followed-to-its-end-is-done", 'run.unknown if data.get("unsure") else run.done', "run.done"),
    _one("an-old-end-hides-what-is-unknown", 'data.get("unknown", run.unknown))', 'data.get("unknown", []))'),
    _one("a-rollback-is-listed-twice", "done, left, unknown = self.before or (", "done, left, unknown = None or ("),
    _one("a-notice-has-no-steps", "for word, steps in parts if steps)", "for word, steps in parts if not steps)"),
    _one(
        "a-cut-off-run-lists-nothing",
        'data |= {"done": list(run.done), "left": list(run.left), "unknown": list(run.unknown)}',
        'data |= {"done": [], "left": [], "unknown": []}',
        "aiops/respond/run_core.py",
    ),
    _one(
        "a-step-without-an-answer-is-done",
        "(self.unsure or self.status in _UNANSWERED)",
        "self.unsure",
        "aiops/respond/sending.py",
    ),
]
