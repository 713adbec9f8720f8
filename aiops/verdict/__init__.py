"""The verdict: one sentence of an incident in plain words: the cause, what is wrong, since when.

Read `sentence`, then `alert_words` (alert names in plain words, from `alert_words.toml`), `places` (what is hurt) and
`changes` (since when), and `reason` (the shortest one for a cause). Nothing is stated that was not measured.

May import: records, wording.
"""
