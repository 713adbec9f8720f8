"""Setups: the entries to make in each tool, for the address of this daemon.

Read `setup` (the format of `tools/NAME.yaml`), `render` (one setup for one daemon).

May import: errors.
"""
