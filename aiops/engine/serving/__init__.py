"""Serving: the model that decides in each slot, and the candidates that run beside it.

Read `slot` (what can be replaced), `comparison` (two decisions side by side), `trial` (one candidate), `trials` (all of
them, as the stages call them), `versions` (what is known of a model that serves), then `stage` (the records).

May import: errors, model_state, ports, records, wording.
"""
