"""Bodies of requests and messages, decoded with bounds: archives, CloudEvents, Prometheus, mappings.

Read `documents` (which form a body has), `json_body`, `forms`, `xml_body`, `mime_body`, `body_decoders`, `values`,
`cloudevents`, `prometheus_push`, `charset`, `unknown_words` (words that no tool documents, counted).

May import: errors, http, records, aiops_connectors.mapping.
"""
