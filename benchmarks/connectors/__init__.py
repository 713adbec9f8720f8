"""Recorded payloads of every tool, graded against the values that a connector should make of them."""
