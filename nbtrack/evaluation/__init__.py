"""How good a model is, by MLflow's names: `evaluating` is `nbtrack.evaluate`.

All of a classifier comes from two passes: counts of pairs of classes, and one sort of each column
of probabilities. `results` holds what came out, `thresholds` says whether that is enough.
"""
