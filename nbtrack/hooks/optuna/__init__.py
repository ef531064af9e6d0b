"""Optuna: what is recorded of a study and its trials. Modules here may import optuna where the
hook's table names them only, for then it is imported already.
"""
