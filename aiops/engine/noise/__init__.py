"""Noise: the marks of people, and the model of them that keeps what is like it in the background.

Read `stage` (marks, and clusters that are held), `sight` (what a decision sees), `logistic` (the model).

May import: errors, model_state, records, wording.
"""
