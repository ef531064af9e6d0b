"""Is more of this metric better, or less? Declared, or known from the words of its name.

A wrong arrow is worse than none: whatever the words leave open is None. `--metrics rt:min`
declares it for the experiment, in a tag of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Literal

from nbtrack.records.runs import Experiment

Direction = Literal["higher", "lower"]
Verdict = Literal["", "better", "worse"]

_TAG = "nbtrack.better."
_NOTHING: Mapping[str, Direction] = {}


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


_HIGHER = _vocabulary(
    "accuracy acc auc auroc auprc roc f1 fbeta f2 r2 d2 precision recall sensitivity specificity "
    "ap ndcg mrr iou miou dice jaccard bleu rouge meteor kappa mcc corrcoef silhouette psnr ssim "
    "reward return likelihood score"
)
_LOWER = _vocabulary(
    "loss error err rmse mae mse msle rmsle mape smape medae rmsd perplexity ppl logloss mlogloss "
    "merror nll bce crossentropy brier wer cer fid hinge deviance regret"
)
_PLURALS = {"losses": "loss", "errors": "error", "scores": "score", "rewards": "reward"}
# Two words that mean something else than each of them.
_PHRASES: dict[str, Direction] = {
    "davies bouldin": "lower",
    "cross entropy": "lower",
    "explained variance": "higher",
    "error rate": "lower",
}
# The time of a score, its spread, its weight: a metric word beside one of these is no metric.
_SPOILERS = _vocabulary(
    "time seconds sec ms duration count size std var variance weight scale rate step steps "
    "threshold epoch epochs n num number params rank delta diff change gap ratio tolerance "
    "coef coefficient reduction improvement"
)


# What early stopping calls the best of whatever it watched: a loss as often as not.
_OF_ANYTHING = re.compile(r"best_score(_\d+)?")


def direction(key: str, declared: Mapping[str, Direction] = _NOTHING) -> Direction | None:
    """Which way *key* improves; None when its words say nothing, or contradict each other."""
    if key in declared:
        return declared[key]
    if _OF_ANYTHING.fullmatch(key):
        return None
    words = _words(key)
    if words and words[0] in ("neg", "negative"):
        return _of_negated(words[1:])
    return _of_words(words)


def direction_tags(declared: Mapping[str, Direction]) -> dict[str, str]:
    """How an experiment keeps what was declared."""
    return {f"{_TAG}{key}": way for key, way in declared.items()}


def declared_directions(tags: Mapping[str, str]) -> dict[str, Direction]:
    """What was declared, from the tags of an experiment."""
    ways: dict[str, Direction] = {"higher": "higher", "lower": "lower"}
    return {
        name.removeprefix(_TAG): ways[text]
        for name, text in tags.items()
        if name.startswith(_TAG) and text in ways
    }


def directions(experiments: Iterable[Experiment]) -> dict[str, Direction]:
    """What was declared of metrics; where experiments contradict each other, nothing."""
    each = [declared_directions(experiment.tags) for experiment in experiments]
    merged = {key: way for declared in each for key, way in declared.items()}
    return {key: way for key, way in merged.items() if all(d.get(key, way) == way for d in each)}


def verdict(delta: float | None, better: Direction | None) -> Verdict:
    """What it means that a metric is *delta* above another."""
    if better is None or delta is None or not isfinite(delta) or delta == 0:
        return ""
    return "better" if (delta > 0) == (better == "higher") else "worse"


def _words(key: str) -> list[str]:
    """valLoss, val/loss and VAL_LOSS are all val, loss; the k of precision@k is left out."""
    name = re.sub(r"@\w+", " ", key)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = (word.lower() for word in re.split(r"[^0-9a-zA-Z]+", name) if word)
    return [_PLURALS.get(word, word) for word in words]


def _of_negated(words: list[str]) -> Direction | None:
    """neg_log_loss is a loss negated; neg_recall may well be the recall of a class."""
    if words[-1:] == ["likelihood"]:
        return "lower"
    return "higher" if _of_words(words) == "lower" else None


def _of_words(words: list[str]) -> Direction | None:
    for phrase, way in _PHRASES.items():
        if phrase in " ".join(words):
            return way
    if _SPOILERS.intersection(words):
        return None
    # dice_loss and auc_error are what their last word says; d2_absolute_error_score is a score.
    if words and words[-1] in ("loss", "error"):
        return "lower"
    if words and "d2" in words:
        return "higher"
    return _of_each(words)


def _of_each(words: list[str]) -> Direction | None:
    # Any metric may be called a score (brier_score): the word counts only when it stands alone.
    found = {way for word in words if word != "score" and (way := _of_word(word))}
    if not found:
        return "higher" if "score" in words else None
    return found.pop() if len(found) == 1 else None


def _of_word(word: str) -> Direction | None:
    for name in (word, word.rstrip("0123456789")):  # f1 as it is; recall5, ap50 without their k
        if name in _HIGHER:
            return "higher"
        if name in _LOWER:
            return "lower"
    return None
