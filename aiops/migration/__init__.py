"""Migration: configurations of other tools, translated to `aiops.toml`.

Read `alertmanager` (the file as a whole), `alertmanager_routes`, `alertmanager_receivers`, `alertmanager_integrations`,
`translation` (the result) and `toml_text` (writing it).

May import: errors, matchers, records.
"""
