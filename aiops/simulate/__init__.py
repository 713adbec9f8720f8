"""The simulator: topologies, faults that spread along dependencies, noise, and the truth about all of it."""

from aiops.simulate.options import STORM, Options
from aiops.simulate.simulation import Simulation, simulate
from aiops.simulate.writing import Summary, save, summary

__all__ = ["STORM", "Options", "Simulation", "Summary", "save", "simulate", "summary"]
