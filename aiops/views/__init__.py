"""Views: what people read of an incident, as plain data for page, API and command line.

Read `brief` (all of an incident's page), then its parts: `lead`, `states`, `cause_card` (`evidence`, `certainty`,
`cause_path`), `playbook_card`, `others`, `notified`, `incident_history`; `markdown` (a brief as text),
`incident_lines` (the list) and `replay` (a job and its result). Of the alerts: `incident_alerts` (one reading of the
store) and `streams`, then `timeline` with `stretch`, `course` and `marks`, `timeline_text`, `neighbourhood` over
`service_graph`, `ties`, and `alert_groups`.
Nothing here knows HTTP or HTML.

May import: durations, engine, errors, matchers, ports, records, respond, search, store, topology, verdict, wording,
zones.
"""
