"""Models: rank causes, suggest playbooks, find similar incidents, detect anomalies.

Read `causes`, `playbooks`, `similar`, `detectors`, `noise`; `retrieval` is their text search. Each
registered model has a card in `models/cards`.

May import: engine, errors, model_state, options, ports, records, respond, score, topology, trainers, wording.
"""
