"""Drift: a watch on what comes in and on what people confirm, against what was before.

Read `jumper` (capital that is bet against a claim), `claim`, `exchangeability` (the conformal martingale), `inputs`
(the hours of alerts) and `outcomes` (what people confirmed), then `stage`, which holds both and the alarms.

May import: nothing of ours.
"""
