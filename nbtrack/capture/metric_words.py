"""The words of a name that make a number a metric, and those that make it none."""

from __future__ import annotations

from collections.abc import Iterable

from nbtrack.capture.words import split_words, word_set

_METRIC_WORDS = word_set(
    "score accuracy acc auc auroc auprc rocauc prauc loss logloss valloss error err mse rmse mae "
    "mape smape msle rmsle rmspe mase wape wmape r2 rsquared f1 f2 fbeta f1score fscore "
    "precision recall sensitivity specificity tpr fpr tnr fnr ap map50 map75 perplexity ppl bleu "
    "rouge meteor chrf wer cer ter iou miou jaccard dice ndcg dcg mrr kappa mcc matthews corrcoef "
    "spearman pearson gini brier silhouette deviance nll elbo entropy crossentropy divergence aic "
    "bic likelihood loglikelihood psnr ssim fid lpips pinball nmi ari reward regret fitness metric"
)
_NEVER = word_set(
    "time times timing timer timestamp elapsed duration latency runtime seconds second secs sec ms "
    "millis minutes mins hours days tic toc t0 t1 dt took clock counter perf started start now "
    "n num number nb count counts counter cnt len length size sizes shape ndim dim dims "
    "nbytes bytes kb mb gb memory rows cols nunique numel total_size"
)
# A word of the vocabulary beside one of these names something about a metric, not the metric.
_NOT_A_METRIC = word_set(
    "fn func function dir path file filename name id idx index key threshold thresh cutoff weight "
    "weights scale factor coef tolerance tol patience code status limit date version level decimals"
)


def name_words(name: str) -> list[str]:
    # Forecasts are not clocks: time_series_error is a metric.
    return split_words(name.replace("time_series", "series").replace("TimeSeries", "Series"))


def speaks_of_metrics(words: Iterable[str]) -> bool:
    words = list(words)
    if says_more_than_a_metric(words):
        return False
    return any(
        word in _METRIC_WORDS or word.rstrip("0123456789") in _METRIC_WORDS for word in words
    )


def says_more_than_a_metric(words: Iterable[str]) -> bool:
    """`loss_weight` and `score_threshold` are about a metric, and are none."""
    return not _NOT_A_METRIC.isdisjoint(words)


def is_time_count_or_size(words: Iterable[str]) -> bool:
    return not _NEVER.isdisjoint(words)
