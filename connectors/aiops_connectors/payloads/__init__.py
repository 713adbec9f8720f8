"""Bodies of requests and messages, decoded with bounds: archives, CloudEvents, Prometheus, mappings.

Read `body_decoders`, `values`, `cloudevents`, `prometheus_push`, `charset`, `unknown_words` (words that no tool
documents, counted).

May import: errors, records, aiops_connectors.mapping.
"""
