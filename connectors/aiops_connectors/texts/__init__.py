"""Texts on an incident for people, the same words for all sinks; markup is their business.

Read `headline` (the line that decides), `sentences` (what it hurts, why, how it ended), `rows` (the same as a table),
`paragraphs`, `news`, `links`, `place` (fields by which pagers sort), `moments` (times in the readers' zone),
`markup` and `truncation`. Titles,
entities and messages come from payloads of anybody: here they become single lines without control characters.

May import: ports, records, verdict, wording, zones.
"""
