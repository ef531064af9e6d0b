"""Which way a metric improves, from its name."""

from __future__ import annotations

import pytest

from nbtrack.lookup.metric_direction import direction

UPWARDS = """
    accuracy val_accuracy val/acc trainingF1 F1Score f1_macro r2 r2_score training_score recall@10
    training_roc_auc AUC val-precision precision_5 accuracy_score-2_X_test best_cv_score
    d2_absolute_error_score neg_log_loss neg_mean_squared_error explained_variance_score
    metrics/mAP50 log_likelihood episode_rewards
"""
DOWNWARDS = """
    loss val_loss val/loss valLoss VAL_LOSS trainLosses test_rmse MAE max_error training_log_loss
    mean_squared_error perplexity validation_0-logloss brier_score davies_bouldin_score merror
    CrossEntropy dice_loss error_rate wer negative_log_likelihood LogLoss
"""
UNKNOWN = """
    x lr learning_rate n_errors score_time std_test_score rank_test_score loss_weight _ neg 训练
    false_positive_rate neg_recall accuracy_vs_loss_curve map epoch grad_norm loss/accuracy_gap
    best_score best_score_2
"""


@pytest.mark.parametrize("key", UPWARDS.split())
def test_scores_improve_upwards(key):
    """Metric words are found in any spelling, behind any prefix."""
    assert direction(key) == "higher"


@pytest.mark.parametrize("key", DOWNWARDS.split())
def test_errors_improve_downwards(key):
    """A loss is a loss, also of a score (dice_loss) and when called a score (brier_score)."""
    assert direction(key) == "lower"


@pytest.mark.parametrize("key", ["", *UNKNOWN.split()])
def test_what_the_name_leaves_open_has_no_direction(key):
    """Times, spreads, counts, contradictions and unknown words never get an arrow."""
    assert direction(key) is None
