"""The life of a model: the registry of versions, runs and stages, the rule of promotion, and cards.

Read `version` (the data), `registry` (the interface), then `database`, `state_files` and `earlier` (the store of
earlier releases) below it; `verdict` is the rule, `card` the text for people, `mlflow` the export.

May import: errors, http, journal, model_state, private, records, wording.
"""

from aiops.lifecycle.registry import Registry
from aiops.lifecycle.verdict import Paired, Verdict, judge
from aiops.lifecycle.version import Data, Move, Run, Stage, Version

__all__ = ["Data", "Move", "Paired", "Registry", "Run", "Stage", "Verdict", "Version", "judge"]
