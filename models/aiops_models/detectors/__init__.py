"""Anomaly detectors, fitted offline and exported as plain numbers.

One algorithm a module: `hbos`, `ecod`, `pca`.

May import: nothing of ours.
"""
