"""Whose number is it: which run trained a model, what the model predicted, and what was measured of
that afterwards. In come models, predictions and calls of the user; out go the runs that they belong
to, and metrics with MLflow's names on those.
"""
