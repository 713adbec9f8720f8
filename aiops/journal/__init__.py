"""The journal: the append-only log of all records, and the snapshots that shorten a restart.

Read `frame` (the format), `writer` and `reader`, `segment` (files), `skips` (records set aside), `snapshot`,
`retention`, `scrub`.

May import: errors, ports, private, records.
"""

from aiops.journal.frame import CorruptJournal, Frame, JournalError, Meta
from aiops.journal.reader import frames, read
from aiops.journal.writer import DiskError, Writer

__all__ = ["CorruptJournal", "DiskError", "Frame", "JournalError", "Meta", "Writer", "frames", "read"]
