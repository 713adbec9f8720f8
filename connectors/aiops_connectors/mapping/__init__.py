"""The mapping language: from a foreign JSON document to alerts.

Read `mapping` (a file), `builders` (alerts from one document), `expressions`, `labels`, `states`, `times`,
`sender_key`.

May import: errors, patterns, records, wording.
"""
