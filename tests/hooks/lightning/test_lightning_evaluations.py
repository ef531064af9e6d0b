"""What `validate` and `test` tell goes to the run of the module."""

from __future__ import annotations

import pytest
from sklearn.metrics import mean_squared_error

import nbtrack
from nbtrack.hooks.autolog import HOOKS
from tests.hooks.boosters import history
from tests.hooks.lightning.modules import (
    PACKAGES,
    X,
    callback,
    fit,
    line,
    loader,
    logger_of,
    package,
    quiet,
    trainer,
    y,
)

torch = pytest.importorskip("torch")
package()


def points(run, key):
    return [(point.step, point.value) for point in history(run, key)]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_test_is_of_the_run_that_trained(autologged, tmp_path, name):
    """Which may have ended; at the step that the user's logger is told."""
    logger = logger_of(name)
    found = trainer(tmp_path, name, logger=logger)
    module = fit(found, line(name))
    with quiet():
        (told,) = found.test(module, loader(), verbose=False)
        found.validate(module, loader(), verbose=False)
    run = autologged.run()

    assert points(run, "test_loss") == [(10, told["test_loss"])] == logger.points["test_loss"]
    assert points(run, "val_loss") == logger.points["val_loss"]
    assert found.callbacks == []


def test_a_test_outside_of_tracked_cells_is_of_that_run_too(autologged, tmp_path):
    """What is measured later goes to the run of the model; of others nothing is told there."""
    found, switch = trainer(tmp_path), HOOKS["pytorch"]
    module = fit(found, line())
    switch.forget()
    switch.follow("tracked cells")
    with quiet():
        found.test(module, loader(), verbose=False)
        with nbtrack.start_run():
            trainer(tmp_path).test(line(), loader(), verbose=False)
    trained, other = autologged.runs()

    assert len(points(trained, "test_loss")) == 1
    assert not other.data.metrics


def test_another_trainer_knows_the_module_too(autologged, tmp_path):
    """Also while another run is active."""
    module = fit(trainer(tmp_path), line())
    with nbtrack.start_run(), quiet():
        trainer(tmp_path).test(module, loader(), verbose=False)
    trained, other = autologged.runs()

    assert len(points(trained, "test_loss")) == 1
    assert not other.data.metrics


def test_an_unknown_module_is_told_of_on_the_active_run(autologged, tmp_path):
    """And marked so."""
    with nbtrack.start_run(), quiet():
        trainer(tmp_path).test(line(), loader(), verbose=False)
    run = autologged.run()

    assert len(points(run, "test_loss")) == 1
    assert run.data.tags["nbtrack.metrics_model_unknown"] == "test_loss"


def test_without_a_run_nothing_is_told_of_an_unknown_module(autologged, tmp_path):
    """It is no reason to make one."""
    with quiet():
        trainer(tmp_path).test(line(), loader(), verbose=False)

    assert not autologged.runs()


def test_a_test_that_fails_changes_no_status(autologged, tmp_path):
    """Of a run that ended well."""

    def fail(*_):
        raise ValueError("enough")

    module = fit(trainer(tmp_path), line())
    found = trainer(tmp_path, callbacks=[callback(on_test_epoch_end=fail)])
    with pytest.raises(ValueError, match="enough"), quiet():
        found.test(module, loader(), verbose=False)
    run = autologged.run()

    assert run.info.status == "FINISHED"
    assert "nbtrack.fit_error" not in run.data.tags
    assert len(found.callbacks) == 1


def test_predictions_are_not_recorded(autologged, tmp_path):
    """There is nothing to tell of them."""
    with nbtrack.start_run(), quiet():
        trainer(tmp_path).predict(line(), [batch[0] for batch in loader()])

    assert not autologged.run().data.metrics


def known_metrics(run):
    return {key: v for key, v in run.data.metrics.items() if key.startswith("mean_squared")}


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_measured_of_predictions_is_of_the_run_that_trained(autologged, tmp_path, name):
    """Put together here, in a function, or read back; under the name of the loader."""
    module = fit(trainer(tmp_path, name), line(name))
    # Of two models that predict the same, nobody knows whose it is.
    test = torch.utils.data.DataLoader(X * (2 + PACKAGES.index(name)), batch_size=10)
    with nbtrack.start_run(), quiet():
        batches = trainer(tmp_path, name).predict(module, test)
        errors = [
            mean_squared_error(y, torch.cat(batches)),
            mean_squared_error(y[:10], batches[0].numpy()),
            mean_squared_error(y, (lambda: torch.cat(batches).numpy())()),
        ]
    trained, other = autologged.runs()

    assert known_metrics(trained) == {
        "mean_squared_error_test": errors[0],
        "mean_squared_error-2_test": errors[1],
        "mean_squared_error-3_test": errors[2],
    }
    assert not other.data.metrics


def test_predictions_of_an_unknown_module_are_nobodys(autologged, tmp_path):
    """Though another was trained."""
    fit(trainer(tmp_path), line())
    with nbtrack.start_run(), quiet():
        mean_squared_error(
            y,
            torch.cat(
                trainer(tmp_path).predict(line(), torch.utils.data.DataLoader(X, batch_size=10))
            ),
        )
    trained, other = autologged.runs()

    assert not known_metrics(trained)
    assert len(known_metrics(other)) == 1
