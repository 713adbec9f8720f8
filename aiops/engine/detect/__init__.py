"""Detection: how unusual an alert or a metric sample is.

Read `stage` (one call an alert), `rate_anomaly` with `negative_binomial` and `seasonality` (alerts), `metrics` with
`baseline` and `novelty` (samples), `conformal` (calibrated p-values), `features` (rows of fitted detectors).

May import: errors, model_state, ports, records.
"""
