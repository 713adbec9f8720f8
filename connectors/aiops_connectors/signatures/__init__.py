"""Signatures of webhooks: the schemes of vendors as data, and their check in constant time.

Read `schemes` (one row a vendor), `verifier`, `signed_fields` (proofs inside of a body).

May import: errors, aiops_connectors.payloads.
"""
