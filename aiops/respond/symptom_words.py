"""The words in the names of alerts, and the class of symptom that they describe."""

from __future__ import annotations

import re
from functools import lru_cache

from aiops.respond.format import SymptomClass

# Camel case (`KubePodCrashLooping`), acronyms before a word (`OOMKilled`), numbers, and runs of other letters.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
# Names of products that camel case tears apart: `MySQLDown` is about `mysql`, not about `my sql`.
_PRODUCTS = re.compile(
    r"\b(my sql|postgre sql|maria db|mongo db|couch db|influx db|cockroach db|rabbit mq|active mq|pg bouncer|ha proxy"
    r"|open search|zoo keeper|mem cached|core dns|open ldap|click house|git lab|pub sub)\b"
)
# A name has at most 1,024 characters in a record; far fewer describe its subject.
MAX_NAME = 200

# Tried in order; the first that matches names the class. States come first: "replicas not ready after errors" is a
# state, and an error word beside "latency" usually counts failed requests.
_CLASSES: tuple[tuple[SymptomClass, str], ...] = (
    ("state", r"crash|not ready|wait|pending|back ?off|replica|oom|kube|unschedul|down|absent|reboot|failed|mismatch"),
    ("error", r"error|[45] ?xx|\b5\d\d\b|success|availab|fail|exception|\bsr\b"),
    ("latency", r"latency|duration|slow|\bp ?9\d\b|timeout|\bmrt\b|response time"),
    ("network", r"\bloss\b|retrans|connection|packet drop|network quality|dns|unreachable"),
    ("traffic", r"network|bytes|packets|traffic|throughput|request rate|rps|qps"),
    ("resource", r"cpu|mem|disk|\bio\b|\bfs\b|file ?system|thread|heap|\bgc\b|quota|inode|load|saturation|swap"),
    ("log", r"\blog\b"),
)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _CLASSES)


@lru_cache(maxsize=8192)
def words_of(name: str) -> str:
    """Split a name into lower-case words, one blank between; the name of a product stays one word.

    >>> words_of("KubePodCrashLooping"), words_of("OOMKilled_2"), words_of("disk.io-wait"), words_of("MySQLDown")
    ('kube pod crash looping', 'oom killed 2', 'disk io wait', 'mysql down')
    """
    words = " ".join(_WORD.findall(name[:MAX_NAME])).lower()
    return _PRODUCTS.sub(lambda found: found.group().replace(" ", ""), words)


@lru_cache(maxsize=8192)
def symptom(name: str) -> SymptomClass:
    """Return the class of an alert of this name; `other` if no word decides.

    >>> symptom("HighRequestLatency"), symptom("KubePodNotReady"), symptom("Weird")
    ('latency', 'state', 'other')
    """
    words = words_of(name)
    for kind, pattern in _COMPILED:
        if pattern.search(words):
            return kind
    return "other"
