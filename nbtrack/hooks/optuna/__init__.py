"""Optuna: what is recorded of a study and its trials. Nothing here imports optuna."""
