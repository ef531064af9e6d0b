"""statsmodels: what is recorded of the fits of its models. Nothing here imports it."""
