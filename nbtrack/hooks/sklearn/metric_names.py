"""The functions of `sklearn.metrics` that are recorded, and which arguments a model may have made.

Tables, and no look into the module, which must not be imported for the names in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from nbtrack.capture.words import word_set
from nbtrack.hooks.patching import Patch

METRICS = "sklearn.metrics"
AROUND = "nbtrack.hooks.sklearn.metric_calls:around_metric"

# Of scikit-learn 1.5 to 1.9. Left out is what measures no prediction: distances, kernels, scorers.
METRIC_NAMES = word_set("""
    accuracy_score adjusted_mutual_info_score adjusted_rand_score auc average_precision_score
    balanced_accuracy_score brier_score_loss calinski_harabasz_score class_likelihood_ratios
    classification_report cohen_kappa_score completeness_score confusion_matrix
    confusion_matrix_at_thresholds coverage_error d2_absolute_error_score d2_brier_score
    d2_log_loss_score d2_pinball_score d2_tweedie_score davies_bouldin_score dcg_score det_curve
    explained_variance_score f1_score fbeta_score fowlkes_mallows_score hamming_loss hinge_loss
    homogeneity_completeness_v_measure homogeneity_score jaccard_score
    label_ranking_average_precision_score label_ranking_loss log_loss matthews_corrcoef
    max_error mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance
    mean_pinball_loss mean_poisson_deviance mean_squared_error mean_squared_log_error
    mean_tweedie_deviance median_absolute_error metric_at_thresholds multilabel_confusion_matrix
    mutual_info_score ndcg_score normalized_mutual_info_score pair_confusion_matrix
    precision_recall_curve precision_recall_fscore_support precision_score r2_score rand_score
    recall_score roc_auc_score roc_curve root_mean_squared_error root_mean_squared_log_error
    silhouette_samples silhouette_score top_k_accuracy_score v_measure_score zero_one_loss
""")

_PREDICTED = (
    "y_pred",
    "y_score",
    "y_proba",
    "y_prob",
    "probas_pred",
    "pred_decision",
    "labels_pred",
)
_TRUE = ("y_true", "labels_true", "X")


class Roles(NamedTuple):
    """Parameters, in the order in which they are looked at."""

    predicted: tuple[str, ...]
    true: tuple[str, ...] = ()
    is_symmetric: bool = False  # the predicted ones are all alike


_SYMMETRIC = {
    "auc": Roles(("x", "y"), is_symmetric=True),
    "cohen_kappa_score": Roles(("y1", "y2"), is_symmetric=True),
}


def roles_of(metric: str, parameters: tuple[str, ...]) -> Roles:
    if metric in _SYMMETRIC:
        return _SYMMETRIC[metric]
    predicted = tuple(name for name in _PREDICTED if name in parameters)
    # `labels` are the clusters where nothing else is; elsewhere they are the names of classes.
    return Roles(predicted or ("labels",), tuple(name for name in _TRUE if name in parameters))


def metric_patches(module: ModuleType) -> Iterator[Patch]:
    """What to put around what, once `sklearn.metrics` is imported."""
    if module.__name__ == METRICS:
        for name in METRIC_NAMES:
            yield Patch(f"{METRICS}:{name}", AROUND)
