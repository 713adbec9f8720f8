"""Mutants of what becomes of an alert on its way in: severity, status, identity, charset, one bad character."""

from __future__ import annotations

from tests.mutants.model import Mutant

_SEVERITY = "aiops/records/severity.py"
_LENIENT = "aiops/records/lenient.py"
_AUTH = "aiops/http/auth.py"
_BUILDERS = "connectors/aiops_connectors/mapping/builders.py"
_CHARSET = "connectors/aiops_connectors/payloads/charset.py"
_DECODE = "connectors/aiops_connectors/payloads/archive_records.py"
_IDENTITY = "connectors/aiops_connectors/mapping/sender_key.py"
_INGEST = "connectors/aiops_connectors/http/ingest.py"
_STATES = "connectors/aiops_connectors/mapping/states.py"
_UNKNOWN = "connectors/aiops_connectors/payloads/unknown_words.py"

_KEYS = ("tests/connectors/test_sender_keys.py",)
_WORDS = ("tests/connectors/test_unknown_words.py",)
_LEVELS = ("tests/records/test_severity.py",)
_CHARSETS = ("tests/connectors/test_charset.py",)
_BAD = ("tests/connectors/test_one_bad_alert.py",)
_BASIC = ("tests/connectors/test_basic_auth.py",)

MUTANTS: list[Mutant] = [
    Mutant("severity-least-of-several", _SEVERITY, "max(found, default=None)", "min(found, default=None)", _LEVELS),
    Mutant(
        "severity-bare-number-is-a-scale",
        _SEVERITY,
        "is_scale = before in _SCALES and token.isdecimal()",
        "is_scale = token.isdecimal()",
        _LEVELS,
    ),
    Mutant("severity-non-critical-is-critical", _SEVERITY, "and before not in _NEGATIONS", "", _LEVELS),
    Mutant("severity-of-a-sentence", _SEVERITY, "or len(text) > MAX_TEXT", "", _LEVELS),
    Mutant(
        "severity-unknown-is-information", _SEVERITY, "UNKNOWN = Severity.WARNING", "UNKNOWN = Severity.INFO", _LEVELS
    ),
    Mutant(
        "status-unknown-is-resolved",
        _BUILDERS,
        'state = found_state or "firing"',
        'state = found_state or "resolved"',
        _WORDS,
    ),
    Mutant(
        "status-unknown-is-not-counted",
        _BUILDERS,
        "                found.fires(place, status_where, word)\n",
        "                pass\n",
        _WORDS,
    ),
    Mutant("status-not-resolved-is-resolved", _STATES, "and _NOT.isdisjoint(tokens)", "and bool(tokens)", _WORDS),
    Mutant("no-data-pages", _BUILDERS, '    alert.severity = "info"\n', "", _WORDS),
    Mutant(
        "no-data-is-the-alarm",
        _BUILDERS,
        '        alert.key = f"{alert.key[: MAX_NAME - 16]} ({suffix})"\n',
        "        pass\n",
        _WORDS,
    ),
    Mutant("no-data-lasts", _BUILDERS, "None, now + BACKGROUND_S", "None, None", _WORDS),
    Mutant("unknown-words-without-bound", _UNKNOWN, "if is_new and len(counts) >= MAX_WORDS:", "if False:", _WORDS),
    Mutant("unknown-words-unprintable", _UNKNOWN, "letter.isprintable() and", "", _WORDS),
    Mutant(
        "identity-without-the-key", "aiops/engine/dedup/stream.py", "    if key:\n", "    if not alert.name:\n", _KEYS
    ),
    Mutant(
        "identity-key-without-the-source",
        "aiops/engine/dedup/stream.py",
        'return (alert.source, key, "", None, ())',
        'return (None, key, "", None, ())',
        _KEYS,
    ),
    Mutant(
        "identity-key-is-a-name",
        "aiops/engine/dedup/stream.py",
        'return (alert.source, key, "", None, ())',
        "return (alert.source, key, entity, None, ())",
        _KEYS,
    ),
    Mutant(
        "identity-with-annotations",
        "aiops/engine/dedup/deduplicator.py",
        "self.ignored = ANNOTATIONS | frozenset(config.ignore_labels)",
        "self.ignored = frozenset(config.ignore_labels)",
        _KEYS,
    ),
    Mutant(
        "identity-key-of-none",
        _IDENTITY,
        "if found is None or (len(found) <= _NONE_LENGTH and found.lower() in _NONE):",
        "if found is None:",
        _KEYS,
    ),
    Mutant(
        "identity-key-is-cut",
        _IDENTITY,
        "blake2b(found.encode(), digest_size=32).hexdigest()",
        "found[:MAX_KEY]",
        _KEYS,
    ),
    Mutant(
        "identity-datadog-brackets",
        "connectors/aiops_connectors/mappings/datadog.yaml",
        "- {path: title, match: '(?i)^(?:\\[(?:p[1-5]|test|(?:re-)?(?:triggered|warn|no data)"
        "|(?:(?:warn|no data) )?recovered|renotify)"
        "(?: on \\{[^{}]*\\})?\\]\\s*)*(.*)$'}",
        "- {path: title, match: '^(?:\\[[^\\]]*\\]\\s*)*(.*)$'}",
        _KEYS,
    ),
    Mutant(
        "identity-datadog-scope-alone",
        "connectors/aiops_connectors/mappings/datadog.yaml",
        "        whole: true\n      - *aggregation\n",
        "      - *aggregation\n",
        _KEYS,
    ),
    Mutant("silence-ends-what-recovers", _BUILDERS, "if start is None and recovers and", "if False and", _KEYS),
    Mutant("identity-name-is-needed", _BUILDERS, "            name = key\n", "            return\n", _KEYS),
    Mutant(
        "identity-name-is-never-renewed",
        "aiops/engine/dedup/deduplicator.py",
        "            describe(stream, alert, alert.entity or entity_of(alert), self._shared)\n",
        "            pass\n",
        _KEYS,
    ),
    Mutant("charset-is-ignored", _CHARSET, "if not charset or charset in _UTF8:", "if True:", _CHARSETS),
    Mutant(
        "charset-any-codec", _CHARSET, "name = _CODECS.get(charset)", "name = _CODECS.get(charset, charset)", _CHARSETS
    ),
    Mutant("charset-grows-without-bound", _CHARSET, "if len(encoded) > most:", "if False:", _CHARSETS),
    Mutant("charset-mark-stays", _CHARSET, '.removeprefix("\\ufeff")', "", _CHARSETS),
    Mutant(
        "charset-little-endian-without-a-mark",
        _CHARSET,
        'return f"{codec}-be" if body[:1] == b"\\0" else f"{codec}-le"',
        "return codec",
        _CHARSETS,
    ),
    Mutant(
        "bad-surrogate-refuses", _LENIENT, 'text.encode("utf-16-le", "surrogatepass")', 'text.encode("utf-16-le")', _BAD
    ),
    Mutant("bad-number-is-silent", _LENIENT, 'flaws.append((place, f"expected a number; got {value}"))', "pass", _BAD),
    Mutant("bad-line-break-refuses", _LENIENT, "strict=False, ", "", ("tests/records/test_lenient.py",)),
    Mutant(
        "bad-depth-without-bound", _LENIENT, "if depth > MAX_DEPTH:", "if False:", ("tests/records/test_lenient.py",)
    ),
    Mutant(
        "bad-status-of-a-record-refuses",
        _DECODE,
        "        _set_status(item, where, problems)\n",
        "        pass\n",
        _WORDS,
    ),
    Mutant(
        "basic-for-every-scope",
        _AUTH,
        'basic=basic or scope == "ingest"',
        "basic=True",
        _BASIC,
    ),
    Mutant("basic-name-beside-a-password", _AUTH, "return password or name", "return name", _BASIC),
    Mutant(
        "basic-is-not-offered",
        _AUTH,
        """, (b"www-authenticate", b'Basic realm="aiops", charset="UTF-8"')""",
        "",
        _BASIC,
    ),
    Mutant(
        "unknown-words-are-one-line",
        _UNKNOWN,
        'extra={"apart": f"{self._source} {field} {shown}"}',
        "extra={}",
        _WORDS,
    ),
]
