"""Shared parts of sinks.

Read `http_sink` and `http_post` (one attempt over HTTP), `options`, `incident_body`; `slack_blocks` and `slack_api`;
`mail_message` and `smtp_client`; `template_body`.

May import: aiops_connectors.texts, errors, http, options, ports, records, verdict, wording.
"""
