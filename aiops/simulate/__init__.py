"""The simulator: topologies, faults that spread along dependencies, noise, and the truth.

Read `simulation`, `options` and `site` (the topology), `faults` and `spread`, `noise`, `streams` and `delivery` (the
alerts), `writing` (the files).

May import: archive, errors, records, topology.
"""

from aiops.simulate.options import STORM, Options
from aiops.simulate.simulation import Simulation, simulate
from aiops.simulate.writing import Summary, save, summary

__all__ = ["STORM", "Options", "Simulation", "Summary", "save", "simulate", "summary"]
