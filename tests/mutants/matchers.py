"""Mutants of matchers, expressions, silences and time zones."""

from __future__ import annotations

from tests.mutants.model import Mutant

PATTERNS = ("tests/test_patterns.py",)
GRAMMAR = ("tests/test_matchers.py",)
ZONES = ("tests/test_zones.py",)
SCHEDULES = ("tests/engine/silences/test_schedules.py",)
SILENCES = ("tests/engine/silences/test_silences.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "expression-matches-a-part",
        "aiops/patterns.py",
        "found = self._compiled.fullmatch(_bytes(text)) is not None",
        "found = self._compiled.search(_bytes(text)) is not None",
        PATTERNS,
    ),
    Mutant(
        "expression-errors-go-to-standard-error",
        "aiops/patterns.py",
        "options.log_errors = False\n    options.max_mem",
        "options.log_errors = True\n    options.max_mem",
        PATTERNS,
    ),
    Mutant(
        "program-without-a-bound",
        "aiops/patterns.py",
        "if compiled.programsize > MAX_PROGRAM:",
        "if compiled.programsize > 100 * MAX_PROGRAM:",
        PATTERNS,
    ),
    Mutant(
        "pattern-without-a-bound",
        "aiops/patterns.py",
        "if len(pattern) > MAX_PATTERN_CHARS:",
        "if len(pattern) > 2 * MAX_PATTERN_CHARS:",
        PATTERNS,
    ),
    Mutant(
        "an-open-quotation-goes-on",
        "aiops/patterns.py",
        'if "\\\\E" in one.pattern:',
        "if False:",
        SILENCES,
    ),
    Mutant(
        "one-label-of-the-empty-alert-is-enough-to-refuse",
        "aiops/matchers.py",
        'if all(question(one)("") for one in found):',
        'if any(question(one)("") for one in found):',
        GRAMMAR,
    ),
    Mutant(
        "the-empty-alert-is-not-asked",
        "aiops/matchers.py",
        'if all(question(one)("") for one in found):',
        "if not found:",
        GRAMMAR,
    ),
    Mutant(
        "what-is-too-long-is-not-matched-and-so-silenced",
        "aiops/matchers.py",
        "return lambda value: len(value) <= MAX_TEXT_CHARS and not matches(value)",
        "return lambda value: not (len(value) <= MAX_TEXT_CHARS and matches(value))",
        GRAMMAR,
    ),
    Mutant(
        "expressions-are-not-tried-when-read",
        "aiops/matchers.py",
        "        question(one)\n",
        "        pass\n",
        GRAMMAR,
    ),
    Mutant(
        "quotes-stay-in-the-value",
        "aiops/matcher_syntax.py",
        "body = self.text[start + 1 : self.at]",
        "body = self.text[start : self.at + 1]",
        GRAMMAR,
    ),
    Mutant(
        "an-equals-sign-before-its-tilde",
        "aiops/matcher_syntax.py",
        '_LONGEST_FIRST = ("=~", "!~", "!=", "=")',
        '_LONGEST_FIRST = ("=", "=~", "!~", "!=")',
        GRAMMAR,
    ),
    Mutant(
        "a-second-matcher-is-a-part-of-the-value",
        "aiops/matcher_syntax.py",
        'if any("=" in word or "!~" in word for word in raw.split()[1:]):',
        "if False:",
        GRAMMAR,
    ),
    Mutant(
        "an-escaped-quote-closes",
        "aiops/matcher_syntax.py",
        'self.at += 2 if self.text[self.at] == "\\\\" and quote != "`" else 1',
        "self.at += 1",
        GRAMMAR,
    ),
    Mutant(
        "the-hour-that-comes-twice-ends-first",
        "aiops/zones.py",
        "return _moment(shown, where, fold=1)",
        "return _moment(shown, where, fold=0)",
        ZONES,
    ),
    Mutant(
        "the-hour-that-is-skipped-is-not",
        "aiops/zones.py",
        "return _leap(shown, where) if skipped(shown, where) else at",
        "return at",
        ZONES,
    ),
    Mutant(
        "any-file-is-a-zone",
        "aiops/zones.py",
        "if name not in names():",
        'if not name or ".." in name or name.startswith("/"):',
        ZONES,
    ),
    Mutant(
        "a-window-inside-the-leap-is-empty",
        "aiops/engine/silences/schedules.py",
        "return (start, end) if end > start else (start, start + self._length.total_seconds())",
        "return (start, end)",
        SCHEDULES,
    ),
    Mutant(
        "windows-follow-no-clock",
        "aiops/engine/silences/schedules.py",
        "start, end = zones.first(begins, self._zone), zones.last(begins + self._length, self._zone)",
        "start = self._first[0] + (day - _midnight(zones.wall(self._first[0], self._zone))).total_seconds()\n"
        "        end = start + self._length.total_seconds()",
        SCHEDULES,
    ),
    Mutant(
        "the-last-day-of-the-month-is-the-thirtieth",
        "aiops/engine/silences/schedules.py",
        "day.day - calendar.monthrange(day.year, day.month)[1] - 1 in self._days",
        "day.day - 31 in self._days",
        SCHEDULES,
    ),
    Mutant(
        "what-was-asked-before-moves-an-end",
        "aiops/engine/silences/silences.py",
        "return self.silence.end if self.schedule is None else self.schedule.find(at)[1]",
        "return self.silence.end if self.schedule is None else self.schedule.occurrence(at)[1]",
        SILENCES,
    ),
    Mutant(
        "the-newest-silence-wins",
        "aiops/engine/silences/silences.py",
        "if (found is None or entry.order < found.order) and entry.holds(alert, entity, at):",
        "if (found is None or entry.order > found.order) and entry.holds(alert, entity, at):",
        SILENCES,
    ),
    Mutant(
        "the-index-stays-as-it-was",
        "aiops/engine/silences/silences.py",
        "        self._is_stale = True\n",
        "        self._is_stale = not self._entries\n",
        SILENCES,
    ),
    Mutant(
        "a-silence-covers-its-last-second",
        "aiops/engine/silences/silences.py",
        "            return at < silence.end\n",
        "            return at <= silence.end\n",
        SILENCES,
    ),
    Mutant(
        "the-next-end-is-forgotten",
        "aiops/engine/silences/silences.py",
        "                entry.next_end = entry.end_after(now)\n",
        "                entry.next_end = math.inf\n",
        SILENCES,
    ),
    Mutant(
        "a-snapshot-forgets-what-was-set-aside",
        "aiops/engine/silences/silences.py",
        '"set_aside": list(self.set_aside.items()),',
        '"set_aside": [],',
        SILENCES,
    ),
    Mutant(
        "not-a-number-is-a-time",
        "aiops/engine/silences/actions.py",
        "if not 0 <= at < MAX_TIME_S:",
        "if at < 0 or at >= MAX_TIME_S:",
        SILENCES,
    ),
    Mutant(
        "a-window-that-is-over-is-taken",
        "aiops/engine/silences/actions.py",
        "if every is None and now is not None and end <= now:",
        "if every is None and now is not None and end < now:",
        SILENCES,
    ),
    Mutant(
        "a-zone-is-not-read",
        "aiops/engine/silences/actions.py",
        "    if name is not None:\n",
        "    if name is None:\n",
        SILENCES,
    ),
    Mutant(
        "a-preview-counts-what-is-over",
        "aiops/engine/silence_preview.py",
        "is_firing = stream.firing or stream.held",
        "is_firing = True",
        SILENCES,
    ),
]
