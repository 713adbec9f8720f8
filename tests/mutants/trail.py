"""Mutants of the check of the audit trail, and of a new one in the place of a damaged one."""

from __future__ import annotations

from tests.mutants.model import Mutant

TESTS = ("tests/respond/test_trail_renewal.py",)
FILE = ("tests/respond/test_audit.py",)
A = "aiops/respond/audit.py"
R = "aiops/respond/trail_renewal.py"


def _one(name: str, path: str, old: str, new: str, tests: tuple[str, ...] = TESTS) -> Mutant:
    return Mutant(f"trail-{name}", path, old, new, tests)


MUTANTS: list[Mutant] = [
    _one("a-cut-is-forgotten", A, "if found.problem is None and open_break is not None:", "if False:"),
    _one("an-accepted-cut-is-one-for-ever", A, "if not one.accepted_by), None)", "), None)"),
    _one("a-new-trail-fits-any-anchor", A, 'first.data.get("after") == [mark.entries, mark.head]', "True"),
    _one("a-new-trail-is-a-cut", A, "if mark is not None and renews(", "if mark is None and renews("),
    _one("an-open-file-may-shrink", A, "not size <= mine.st_size", "not 0 <= mine.st_size", FILE),
    _one("an-open-file-may-grow", A, "+ self._under_way:", "+ 999:", FILE),
    _one("a-line-being-written-is-a-change", A, "        self._under_way = len(line)\n", "", FILE),
    _one("a-torn-line-is-damage", A, 'if not line.endswith(b"\\n"):', "if not line:", FILE),
    _one("a-whole-one-is-replaced", R, "        if verdict.is_chained:\n", "        if False:\n"),
    _one("anybody-begins-anew", R, "if not actor or not reason:", "if not actor and not reason:"),
    _one("an-open-one-is-replaced", R, "        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n", ""),
    _one("switches-are-forgotten", R, "        engaged |= set(mark.engaged if mark is not None else ())\n", ""),
    _one("the-old-one-is-lost", R, "    os.link(path, old)\n    narrow(old)\n", ""),
    _one(
        "what-was-lost-counts-as-absent",
        "aiops/respond/history.py",
        '        self.gap = Gap(data["problem"], at, accepted=True)\n',
        "",
    ),
]
