"""The recorder of a training, which every framework's hook is a translation table for. It knows
which run a training is recorded on, what happens at its end or failure, and how its points,
importances and model are written; it tells how far a training is (`Loop.expects`), and whether the
user wants it to end (`Loop.is_to_stop`, or `stopping.stop_is_wanted`). It knows no framework.
"""
