"""Step kinds: the contract between playbook runs and the plugins that prepare what a step sends.

Read `forms` (a step as it is written), `exchange` (all that it may send), `kind` (the plugin) and `systems` (where it
is sent). `placeholders` puts values into requests, `taking` what only the answer of a system can give. `databases` is
the contract of the plugins that `collect` reads databases by.

May import: durations, errors, patterns, wording.
"""
