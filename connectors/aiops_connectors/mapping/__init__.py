"""The mapping language: from a foreign JSON document to alerts.

Read `mapping` (a file), `builders` (alerts from one document), `paths`, `expressions`, `labels`, `states`, `times`,
`placeholders`, `loose_names`, `mapping_file`, `origin`, `sender_key`, `text_steps`, `unwrapping`.

May import: errors, patterns, records, wording, yaml_depth, zones, aiops_connectors.lines.
"""
