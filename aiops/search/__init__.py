"""Search: the lines of lists, the words by which incidents are found, and counts of the result.

Read `syntax` (the text of a query), `listing` (a page of lines, and counts), `conditions` (a query as SQL); `lines` and
`words` are what is stored of an incident, and `indexing` writes it. `nearest` finds the word that was meant.

The words are kept in a table of our own, not in SQLite's FTS5: a store opens with any build of SQLite, and what is
found does not depend on it.

May import: durations, errors, records, verdict.
"""
