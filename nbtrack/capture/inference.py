"""Params and metrics that a cell shows without being told to log them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from nbtrack.capture.bindings import Binding, How
from nbtrack.capture.numbers import as_number
from nbtrack.capture.secrets import is_secret_name
from nbtrack.capture.source import CellSource
from nbtrack.capture.words import split_words, valid_key, word_set
from nbtrack.errors import InvalidValue

MAX_STRING = 200  # characters; longer ones are prompts and queries, not params
MAX_INFERRED_METRICS = 100  # a bigger dict is a table, say of words and their counts

_ABSENT = object()

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
    "millis minutes mins hours days tic toc t0 t1 clock counter perf started start now "
    "n num number nb count counts counter cnt len length size sizes shape ndim dim dims "
    "nbytes bytes kb mb gb memory rows cols nunique numel total_size"
)
# A word of the vocabulary beside one of these names something about a metric, not the metric.
_NOT_A_METRIC = word_set(
    "fn func function dir path file filename name id idx index key threshold thresh cutoff weight "
    "weights scale factor coef tolerance tol patience code status limit date version level decimals"
)


def inferred_params(source: CellSource, namespace: Mapping[str, object]) -> dict[str, object]:
    """Names bound once, at the top level, to a plain literal which they still hold afterwards."""
    return {
        name: binding.literal
        for name, binding in source.bindings.items()
        if _is_param(name, binding)
        and _is_same(namespace.get(name, _ABSENT), binding.literal)
        and valid_key(name) == name
    }


def inferred_metrics(
    source: CellSource, namespace: Mapping[str, object], last_value: object
) -> dict[str, float]:
    """Numbers that metric functions returned, and the cell's last value, by name."""
    found: dict[str, float] = {}
    for name, binding in source.bindings.items():
        if _is_metric(name, binding):
            number = as_number(namespace.get(name))
            if number is not None:
                found[name] = number
    return found | _from_last_value(source, last_value)


def requested_metrics(names: Sequence[str], namespace: Mapping[str, object]) -> dict[str, float]:
    """The named variables as numbers; any of them missing or no number is an InvalidValue."""
    return {name: _requested(name, namespace) for name in names}


def _is_param(name: str, binding: Binding) -> bool:
    if binding.how is not How.LITERAL or not binding.once or not binding.at_top:
        return False
    return _may_be_inferred(name) and _is_worth_keeping(binding.literal)


def _may_be_inferred(name: str) -> bool:
    return not name.startswith("_") and not is_secret_name(name)


def _is_worth_keeping(literal: object) -> bool:
    if isinstance(literal, str | bytes):
        return len(literal) <= MAX_STRING
    if isinstance(literal, list | tuple | set | dict):
        return bool(literal) and all(_is_short(item) for item in _items(literal))
    return True


def _is_short(item: object) -> bool:
    if isinstance(item, list | tuple | set | dict):
        return all(_is_short(inner) for inner in _items(item))
    return not isinstance(item, str | bytes) or len(item) <= MAX_STRING


def _items(
    container: list[object] | tuple[object, ...] | set[object] | dict[object, object],
) -> list[object]:
    if isinstance(container, dict):
        return [*container, *container.values()]
    return list(container)


def _is_same(value: object, literal: object) -> bool:
    """Equal in value and in type, all the way down; never calls the `==` of a foreign class."""
    if type(value) is not type(literal):
        return False
    if isinstance(literal, list | tuple) and isinstance(value, list | tuple):
        return len(value) == len(literal) and all(map(_is_same, value, literal))
    if isinstance(literal, dict) and isinstance(value, dict):
        return _is_same(list(value.items()), list(literal.items()))
    if isinstance(literal, set) and isinstance(value, set):
        return len(value) == len(literal) and set(map(_typed, value)) == set(map(_typed, literal))
    return value == literal


def _typed(item: object) -> tuple[type, object]:
    return type(item), item


def _is_metric(name: str, binding: Binding) -> bool:
    if binding.how is not How.CALL or not binding.once or not _may_be_inferred(name):
        return False
    words = _words(name)
    behind = [word for function in binding.functions for word in _words(function)]
    if not _NEVER.isdisjoint(words) or not _NEVER.isdisjoint(behind):
        return False
    if _speaks_of_metrics(words):
        return True
    # Of several results only the names tell which is which: p, r, _, support = f1_report(y).
    return binding.whole and _NOT_A_METRIC.isdisjoint(words) and _speaks_of_metrics(behind)


def _words(name: str) -> list[str]:
    # Forecasts are not clocks: time_series_error is a metric.
    return split_words(name.replace("time_series", "series").replace("TimeSeries", "Series"))


def _speaks_of_metrics(words: list[str]) -> bool:
    if not _NOT_A_METRIC.isdisjoint(words):
        return False
    return any(
        word in _METRIC_WORDS or word.rstrip("0123456789") in _METRIC_WORDS for word in words
    )


def _from_last_value(source: CellSource, last_value: object) -> dict[str, float]:
    if source.last_key is None or last_value is None:
        return {}
    if isinstance(last_value, dict):
        return _from_dict(last_value)
    number = as_number(last_value)
    if number is None or not _may_name_a_result(source, source.last_key):
        return {}
    key = valid_key(source.last_key)
    return {key: number} if key else {}


def _may_name_a_result(source: CellSource, key: str) -> bool:
    binding = source.bindings.get(key)
    if binding is not None and binding.how is How.LITERAL:
        return False  # `lr = 0.1` and then `lr` shows a param
    if not any(map(str.isalpha, key)):
        return False  # `6 * 7` names nothing
    return _is_countless(key) and not is_secret_name(key)


def _is_countless(key: str) -> bool:
    return _NEVER.isdisjoint(_words(key))


def _from_dict(values: dict[object, object]) -> dict[str, float]:
    """A flat dict of numbers, all of them; times, counts and sizes among them are left out."""
    if len(values) > MAX_INFERRED_METRICS or _is_counter(values):
        return {}
    found: dict[str, float] = {}
    for name, value in values.items():
        number = as_number(value)
        if not isinstance(name, str) or number is None:
            return {}
        key = valid_key(name)
        if key and key not in found and _is_countless(key):
            found[key] = number
    return found


def _is_counter(values: dict[object, object]) -> bool:
    collections = sys.modules.get("collections")
    return collections is not None and isinstance(values, collections.Counter)


def _requested(name: str, namespace: Mapping[str, object]) -> float:
    if valid_key(name) != name or not name:
        raise InvalidValue(f"--metrics takes names of variables; {name!r} is none.")
    value = namespace.get(name, _ABSENT)
    number = as_number(value)
    if number is not None:
        return number
    problem = "there is no such variable" if value is _ABSENT else f"it is a {type(value).__name__}"
    raise InvalidValue(
        f"--metrics {name}: {problem} after the cell, and a metric is one number. "
        f"{_numbers_like(name, namespace)}"
    )


def _numbers_like(name: str, namespace: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    known = [
        other
        for other, value in namespace.items()
        if not other.startswith("_") and as_number(value) is not None
    ]
    near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
    return f"Numbers it could be: {', '.join(near)}." if near else "No variable holds a number."
