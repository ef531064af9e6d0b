"""transformers' Trainer: what is recorded of its trainings, evaluations and predictions. Nothing
here imports transformers.
"""
