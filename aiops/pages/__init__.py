"""Pages for people; every one works without scripts.

Read `shell` (shared by all pages: guard, forms, templates), then one module a page, `assets` (styles, icon) and
`routes`, which lists the pages. Pictures: `drawing` and `text_width`, then `timeline_picture`, `graph_layout` and
`graph_picture`, put together by `incident_parts`.

A page renders the API's answers. All text is escaped by the templates; links are shown only if they are web links;
forms are accepted from our own pages only.

May import: durations, engine, errors, http, matchers, records, respond, search, step_kinds, store, verdict, views, web,
wording, zones.
"""
