"""Tags that several rooms know; one that a single module sets and reads is named there.

Those of MLflow keep its names. Nearly all other tags are the user's.
"""

from __future__ import annotations

OWN_PREFIXES = ("mlflow.", "nbtrack.")  # they say where a run came from, not what was tried

PARENT_TAG = "mlflow.parentRunId"
AUTOLOG_TAG = "mlflow.autologging"  # of a run that a hook wrote to: which framework's
RUN_NAME_TAG = "mlflow.runName"
NOTE_TAG = "mlflow.note.content"
LINEAGE_TAG = "nbtrack.lineage"  # of a tracked cell: the same as long as it is the same cell
ATTEMPT_TAG = "nbtrack.attempt"  # at it, from 1
PINNED_TAG = "nbtrack.pinned"
BASELINE_TAG = "nbtrack.baseline"  # of an experiment: the id of the run
FIT_TAG = "nbtrack.fit"  # of a run on which a hook recorded a fit: what was fitted, in words
TRAINING_METRICS_TAG = "nbtrack.training_metrics"  # set when they are not of all training rows
CANDIDATE_TAG = "nbtrack.candidate"  # of a child that a search tried: its row in the results
PRUNED_TAG = "nbtrack.pruned"  # of a trial that was given up: "pruned at step 3", or its reason
CHECKPOINT_TAG = "nbtrack.checkpoint"  # the path of the newest among a run's artifacts
LATEST_CHECKPOINT_TAG = "mlflow.latest_checkpoint_artifact"  # of what autolog kept: such a path
STOPPED_TAG = "nbtrack.stopped"  # of a run in which the user ended a training early: "by you"
# Of the run of a search, or of a cell with several children: the id of the best one's run, of how
# many it is the best, and by which metric.
BEST_CHILD_TAG = "nbtrack.best_child"
BEST_OF_TAG = "nbtrack.best_of"
BEST_BY_TAG = "nbtrack.best_by"
# A digest of all that decides what a run computes, see `provenance.warnings.already_ran`.
IDENTITY_TAG = "nbtrack.identity"
# Of a run that was run once more: the verdict in a word or two (see `provenance.verdicts`), the id
# of the new run, when, and why it is no proof. REPRODUCES_TAG is of the new run: the id of the old.
REPRODUCED_TAG = "nbtrack.reproduced"
REPRODUCED_BY_TAG = "nbtrack.reproduced.by"
REPRODUCED_AT_TAG = "nbtrack.reproduced.at"
REPRODUCED_WHY_TAG = "nbtrack.reproduced.why"
REPRODUCES_TAG = "nbtrack.reproduces"
