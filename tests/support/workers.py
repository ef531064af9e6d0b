"""Which tests are slow, which one worker of pytest-xdist takes together, and which come first;
and what is not traced for coverage, because tracing takes as long again.
"""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests, or files of them, that start other processes, import MLflow, train for long or make many
# projects.
SLOW = (
    "tests/api/test_checkpoints.py",
    "tests/api/test_last_of_equals.py",
    "tests/artifact_store/test_artifact_formats.py",
    "tests/assistant/",
    "tests/benchmarks/",
    "tests/browser/",
    "tests/capture/test_resources.py",
    "tests/cards/test_card_in_kernel.py",
    "tests/cells/test_run_life.py",
    "tests/charts/test_loading_altair.py",
    "tests/charts/test_pictures.py",
    "tests/cli/test_demo.py",
    "tests/cli/test_diff.py",
    "tests/cli/test_doctor.py",
    "tests/cli/test_gc.py",
    "tests/cli/test_main.py",
    "tests/cli/test_models_command.py",
    "tests/cli/test_runs.py",
    "tests/datasets/test_datasets.py::test_a_digest_is_the_same_in_another_process",
    "tests/datasets/test_datasets.py::test_mlflow_describes_the_same",
    "tests/datasets/test_whole_digests.py::test_another_process_has_the_same_digests",
    "tests/hooks/",
    "tests/lookup/test_proposals.py",
    "tests/lookup/test_run_frame_formats.py",
    "tests/model_registry/test_registry_audit.py",
    "tests/model_registry/test_registry_cli.py",
    "tests/models/",
    "tests/page/",
    "tests/panels/artifacts/test_artifact_answers.py",
    "tests/panels/charts_tab/test_chart_answers.py",
    "tests/panels/charts_tab/test_chart_layout.py",
    "tests/panels/compare/test_compare_view.py",
    "tests/panels/registry/",
    "tests/panels/report/",
    "tests/panels/runs/test_chosen_columns.py",
    "tests/panels/runs/test_panel_of_runs.py",
    "tests/panels/runs/test_runs_view.py",
    "tests/panels/shared/test_after_rest.py",
    "tests/panels/shared/test_panel_in_kernel.py",
    "tests/parity/",
    "tests/provenance/test_cases.py",
    "tests/provenance/test_foreign_memory.py",
    "tests/provenance/test_hidden_changes.py",
    "tests/provenance/test_odd_notebooks.py",
    "tests/provenance/test_own_modules.py",
    "tests/provenance/test_random_programs.py",
    "tests/provenance/test_why_different.py",
    "tests/recording/test_experiments.py",
    "tests/recording/test_run_batch.py",
    "tests/recording/test_run_stack.py",
    "tests/recording/test_system_metrics.py",
    "tests/remote/",
    "tests/scripts/",
    "tests/server/",
    "tests/stores/filters/test_filters_against_mlflow.py",
    "tests/stores/filters/test_shown_sql.py",
    "tests/stores/kept/",
    "tests/stores/local/",
    "tests/stores/postgres/",
    "tests/stores/queries/test_run_pages.py",
    "tests/stores/queries/test_series.py",
    "tests/survival/",
    "tests/transfer/",
    "tests/test_oldest_allowed.py",
    "tests/test_package.py",
    "tests/test_public_names.py",
    "tests/test_turns.py",
)
# What they call is measured by the tests of its own room, or those beside them: files and tests.
UNMEASURED = (
    "tests/browser/",
    "tests/hooks/test_all_estimators.py",
    "tests/lookup/test_line_difference.py::test_ten_thousand_lines_take_seconds_at_most",
    "tests/lookup/typed_filter/test_typed_filters.py::test_whatever_is_typed_is_a_filter_or",
    "tests/models/test_signatures_take_their_data.py",
    "tests/parity/",
    "tests/provenance/test_gallery.py",
    "tests/stores/filters/test_filter_errors.py::test_garbage_only_ever_raises_invalid_filter",
    "tests/stores/filters/test_filters.py::test_the_largest_filter_still_runs",
    "tests/stores/filters/test_filters_against_mlflow.py",
    "tests/stores/kept/test_never_stale.py::test_random_changes_by_two_processes",
    "tests/notebooks/",
    "tests/test_oldest_allowed.py",
    "tests/test_package.py",
    "tests/test_rings.py",
)
# What test modules import of others, and takes half a second or more.
OF_OTHERS = ("mlflow", "scipy.stats", "sklearn.ensemble", "pandas", "matplotlib.pyplot")
OF_LIBRARIES = ("nbtrack.hooks.fastai.", "nbtrack.hooks.keras.", "nbtrack.hooks.xgboost.")
# Files that share something dear: a JupyterLab, or notebooks that have run.
TOGETHER = ("tests/browser/", "tests/notebooks/")
# What takes a minute or more begins first, so that the workers end together.
SLOWEST = (
    "tests/notebooks/",
    "tests/test_readme.py",
    "tests/browser/",
    "tests/provenance/",
    "tests/survival/",
    "tests/transfer/",
    "tests/test_package.py",
    "tests/test_oldest_allowed.py",
    "tests/parity/",
    "tests/hooks/",
    "tests/stores/kept/",
    "tests/cards/",
    "tests/cells/",
    "tests/model_registry/",
    "tests/models/",
)


class RoomScheduling(LoadScopeScheduling):
    """A file's tests run in one process, which has its fixtures; so do the files in TOGETHER."""

    def __init__(self, config: object, log: object) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False  # they come in the order of `slowest_first`

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((room for room in TOGETHER if file.startswith(room)), file)


def is_slow(path: str) -> bool:
    """Whether all of a file is, so that it need not even be imported for the rest."""
    return path.startswith(SLOW)


def is_measured(nodeid: str) -> bool:
    """Nor of Lightning's two packages the second: to trace it takes twice as long, too."""
    return not nodeid.startswith(UNMEASURED) and not nodeid.endswith("[pytorch_lightning]")


def import_others() -> None:
    """Before coverage begins, which is after a worker's `pytest_configure`."""
    for name in OF_OTHERS:
        with suppress(ModuleNotFoundError):  # its tests are skipped
            importlib.import_module(name)


def import_ours() -> None:
    """While it is traced: what is imported within a test that is not would never be measured.

    But what imports a library that autolog would find then, in tests that have nothing to do with
    it.
    """
    import nbtrack

    for module in pkgutil.walk_packages(nbtrack.__path__, "nbtrack."):
        if not module.name.endswith("__main__") and not module.name.startswith(OF_LIBRARIES):
            importlib.import_module(module.name)


def read_sources_once() -> None:
    """pytest-cov reports twice, first for the total alone, and each time coverage would parse all
    of the package, while no test runs any more."""
    from coverage import Coverage

    if (read := getattr(Coverage, "_get_file_reporter", None)) is not None:
        Coverage._get_file_reporter = cache(read)


def use_one_thread() -> None:
    """Of DuckDB, in the stores of this process: data are small, and the other worker has a core.

    A fifth of what a search of few runs takes is the waking of a second one.
    """
    from nbtrack.base.databases import OFFLINE

    OFFLINE["threads"] = "1"


def keep_spare_instances() -> None:
    """Of DuckDB: a test has two or three stores, one after the other or beside each other."""
    from nbtrack.stores.local import instances

    instances.MOST_SPARE = 3


def trace_if_measured(item: pytest.Item) -> None:
    """The fixtures, too, which pytest-cov's own mark does not reach."""
    control = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if control is not None and control.started != is_measured(item.nodeid):
        control.pause() if control.started else control.resume()


def slowest_first(nodeid: str) -> int:
    """Where a test stands in the order."""
    places = (place for place, start in enumerate(SLOWEST) if nodeid.startswith(start))
    return next(places, len(SLOWEST))
