"""Bodies of requests and messages, decoded with bounds: archive lines, CloudEvents, Prometheus, mapped documents.

Read `body_decoders`, `values`, `cloudevents`, `prometheus_push`, `charset`, `unknown_words` (words that no tool
documents, counted).

May import: errors, records, aiops_connectors.mapping.
"""
