"""One module for each kind of model: how it becomes files, and how files become it again.

In comes a model or a folder; out come `FlavorParts` from `parts_of(model, …)`, or what predicts
from `load_predictor`. `predictors` is the table that loading looks flavours up in; saving is called
from `nbtrack.api` and by hooks, through `models.saving`.
"""
