"""The recorder of a training, which every framework's hook is a translation table for. It knows
which run a training is recorded on, what happens at its end or failure, and how its points,
importances and model are written; it knows no framework.
"""
