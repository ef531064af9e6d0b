"""The default name of a run: what it was, never random words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from nbtrack.capture.cell_text import split_lines
from nbtrack.capture.redact import mask_text
from nbtrack.capture.secrets import is_secret_name, mask_secrets
from nbtrack.capture.source import CellSource, Construction
from nbtrack.capture.words import split_words, word_set

MAX_NAME = 60  # characters
_MAX_PARAMS = 3
_MAX_VALUE = 24  # characters of one value

_ESTIMATOR_WORDS = word_set(
    "classifier regressor regression svc svr svm ridge lasso elastic forest tree trees boost "
    "boosting booster bayes nb neighbors means kmeans dbscan mixture lda qda mlp perceptron net "
    "network model trainer learner sequential transformer lstm gru rnn cnn resnet arima prophet "
    "estimator machine autoencoder vae gan unet bert gpt vit clusterer clustering forecaster"
)
# Constructed beside an estimator, and never what the run is about.
_HELPER_WORDS = word_set(
    "path frame series loader dataset counter dict decimal fraction executor pool figure scaler "
    "encoder imputer vectorizer tokenizer extractor selector binarizer discretizer transform "
    "transforms features error exception warning grid fold split shuffle callback stopping "
    "checkpoint logger writer "
    "adam sgd adamw rmsprop optimizer scheduler lr criterion loss linear conv relu dropout dense "
    "embedding norm flatten input client session config timedelta datetime date image generator "
    "column pca svd parser namespace thread process lock event tensor array index timestamp"
)
_ESTIMATORS = word_set(
    "SVC SVR NuSVC NuSVR GaussianNB MultinomialNB BernoulliNB KNeighborsClassifier"
)
_HELPERS = word_set("DMatrix QuantileDMatrix ExtMemQuantileDMatrix")  # words of theirs are others'
_NEVER_TOLD = word_set("random_state seed n_jobs verbose verbosity device name copy")
_NOT_AN_ACTION = word_set(
    "print display range len list dict set tuple int float str zip enumerate sorted min max sum "
    "round abs map filter open type isinstance head plot show figure subplots read_csv arange "
    "linspace array zeros ones DataFrame Series format join super sleep "
    "log_metric log_metrics log_param log_params log_artifact log_artifacts log_text log_dict "
    "log_figure log_image log_table log_input set_tag set_tags set_experiment start_run end_run "
    "active_run autolog"
)
_MAGIC = re.compile(r"\s*[%!]")
_NO_COMMENT = re.compile(r"#\s*(%%|!|noqa|type:|pylint|pragma|-\*-|@param|\+)", re.IGNORECASE)


def run_name(
    source: CellSource,
    *,
    params: Mapping[str, object],
    execution_count: int | None = None,
    words: str = "",
) -> str:
    """`RandomForestClassifier max_depth=10`, else `cell 7: sweep`; at most 60 characters.

    *params* are the declared and inferred ones, declared first; *words* is free text of the magic
    line.
    """
    estimator = _estimator(source.constructions)
    if estimator is not None and not words:
        return _with_params(estimator, params)
    cell = "cell" if execution_count is None else f"cell {execution_count}"
    topic = _one_line(words) or _comment(source.typed) or _first_action(source)
    return _cut(f"{cell}: {topic}" if topic else cell, MAX_NAME)


def estimator_name(kind: str, settings: Mapping[str, object]) -> str:
    """The same for an estimator that is at hand: its class, and the params that were set."""
    return _with_params(Construction(name=kind, settings=settings, variables={}), {})


def _estimator(constructions: Iterable[Construction]) -> Construction | None:
    """The construction that most looks like a model; the first of equals."""
    ranked = [(_rank(construction.name), construction) for construction in constructions]
    best = max((rank for rank, _ in ranked), default=0)
    return next((one for rank, one in ranked if rank == best > 0), None)


def _rank(name: str) -> int:
    words = set(split_words(name))
    if name in _ESTIMATORS:
        return 3
    if name in _HELPERS or not words.isdisjoint(_HELPER_WORDS):
        return 0
    if not words.isdisjoint(_ESTIMATOR_WORDS):
        return 3
    # CapWords, or a short all-capitals name such as ALS; CONFIG() is a constant, called.
    return 2 if not name.isupper() else 1


def _with_params(estimator: Construction, params: Mapping[str, object]) -> str:
    name = _cut(estimator.name, MAX_NAME)
    for told, (key, value) in enumerate(_telling(estimator, params)):
        longer = f"{name} {key}={_shown(value)}"
        if told == _MAX_PARAMS or len(longer) > MAX_NAME:
            break
        name = longer
    return name


def _telling(estimator: Construction, params: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """What was set, most telling first: variables given to it, its own literals, other params."""
    passed = {
        keyword: params[variable]
        for keyword, variable in estimator.variables.items()
        if variable in params
    }
    used = set(estimator.variables.values())
    others = {key: value for key, value in params.items() if key not in used}
    told: set[str] = set()
    for group in (passed, estimator.settings, others):
        for key, value in group.items():
            if key not in told and key not in _NEVER_TOLD and not is_secret_name(key):
                told.add(key)
                yield key, value


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return _cut(_one_line(mask_text(str(value))), _MAX_VALUE)


def _comment(typed: str) -> str:
    """The comment a cell begins with, as people title their cells; magic lines may precede it."""
    for line in split_lines(typed):
        text = line.strip()
        if not text or _MAGIC.match(text) or _NO_COMMENT.match(text):
            continue
        return _title(text) if text.startswith("#") else ""
    return ""


def _title(comment: str) -> str:
    words = comment.lstrip("#").strip(" -=*")
    return _one_line(mask_secrets(f"# {words}").removeprefix("# "))


def _first_action(source: CellSource) -> str:
    return next((name for name in source.functions if name not in _NOT_AN_ACTION), "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1].rstrip() + "…"
