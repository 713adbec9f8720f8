"""Sweeps: replay history under many settings, count pages and scores, and suggest a value.

Read `report` (a whole sweep), `axes` and `settings` (what is varied), `run` and `processes` (the replays), `pages`
(what would have been sent), then `figures`, and `suggestion` (with truth) or `stability` (without), with `blocks`,
`bootstrap`, `feedback` and `wording` below them; `difference` compares two settings. `job` is a replay that a daemon
starts, with `against` and `verdict` for its result.

May import: app, archive, backtest, config, config_file, daemon, engine, errors, journal, notify, records,
replay_keys, score, store, topology, verdict, views, wording.
"""

from aiops.sweep.difference import PagedDifference, SettingsDifference
from aiops.sweep.figures import Row
from aiops.sweep.pages import Page
from aiops.sweep.report import Plan, Request, Sweep, SweepReport, execute, plan
from aiops.sweep.run import Grouping, Outcome, Source
from aiops.sweep.settings import Base
from aiops.sweep.suggestion import Objective, Suggestion

__all__ = [
    "Base",
    "Grouping",
    "Objective",
    "Outcome",
    "Page",
    "PagedDifference",
    "Plan",
    "Request",
    "Row",
    "SettingsDifference",
    "Source",
    "Suggestion",
    "Sweep",
    "SweepReport",
    "execute",
    "plan",
]
