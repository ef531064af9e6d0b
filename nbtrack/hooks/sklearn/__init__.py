"""scikit-learn's part of autolog: fits, searches, predictions, metrics that are measured later.

In come estimators and the arguments of a call, read before it returns; out go params, metrics,
models and numbers of plots under MLflow's names. Begin with `hook`, the table of what is patched.
"""
