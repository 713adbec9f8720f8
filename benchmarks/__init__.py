"""Benchmarks: how fast, and how good, with the floors and the naive rows in the same run."""
