"""Models: rank causes, suggest playbooks, find similar incidents, detect anomalies.

Read `causes`, `playbooks`, `similar`, `cause_class`, `detectors`; `retrieval` is the text search that they share.
Each registered model has a card in `models/cards`.

May import: errors, options, ports, records, respond, topology, wording.
"""
