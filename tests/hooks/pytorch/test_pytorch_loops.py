"""Plain PyTorch loops record themselves, and are what they would be without."""

from __future__ import annotations

import gc
import sys
import time
import weakref

import pytest
from sklearn.metrics import mean_squared_error

import nbtrack
from nbtrack.hooks.autolog import HOOKS
from tests.hooks.boosters import files, model_uri, steps, values

torch = pytest.importorskip("torch")
nn = torch.nn

X = torch.linspace(-1, 1, 96).reshape(24, 4)
y = X.sum(1, keepdim=True)


@pytest.fixture(autouse=True)
def _same_weights():
    torch.manual_seed(0)


def made(lr=0.1, kind=torch.optim.SGD, **kwargs):
    model = nn.Linear(4, 1)
    return model, kind(model.parameters(), lr=lr, **kwargs)


class Probe:
    pass


def train(model, optimizer, *, n=3, each_step=lambda: None):
    """What each step's loss was."""
    seen = []
    for _ in range(n):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        optimizer.step()
        each_step()
        seen.append(loss.item())
    return seen


def test_a_loop_leaves_its_losses(autologged):
    """Every step's, the last one too, from 0."""
    with nbtrack.start_run():
        seen = train(*made())
    run = autologged.run()

    assert values(run, "train-loss") == seen
    assert steps(run, "train-loss") == [0, 1, 2]


def test_a_loop_leaves_settings_summary_and_model(autologged):
    """MLflow's names for the params; of the lr the one that it began with."""
    model, optimizer = made(lr=0.5, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    with nbtrack.start_run():
        train(model, optimizer, each_step=scheduler.step)
    run = autologged.run()
    params = run.data.params

    assert (params["optimizer_name"], params["lr"], params["momentum"]) == ("SGD", "0.5", "0.9")
    assert (params["scheduler_name"], params["scheduler_gamma"]) == ("StepLR", "0.5")
    assert params["device"] == "cpu"
    assert values(run, "train-learning_rate")[-1] == 0.125
    assert {"model_summary.txt", "model"} <= files(run)
    kept = nbtrack.pytorch.load_model(f"runs:/{run.info.run_id}/model")
    assert torch.equal(kept["weight"], model.weight)


def test_results_are_the_same_without(autologged):
    """To the last bit, and torch is as it was when autolog is off."""
    with nbtrack.start_run():
        model, optimizer = made(kind=torch.optim.Adam)
        train(model, optimizer)
    nbtrack.autolog(disable=True)
    torch.manual_seed(0)
    bare, optimizer = made(kind=torch.optim.Adam)
    train(bare, optimizer)

    assert torch.equal(model.weight, bare.weight)
    assert torch.autograd.backward.__module__ == "torch.autograd"
    assert not hasattr(torch.autograd.backward, "__wrapped__")
    assert len(autologged.runs()) == 1


def test_no_graph_is_kept(autologged):
    """A loss that the user lets go of is gone, with all that it was computed from."""
    with nbtrack.start_run():
        model, optimizer = made()

        def loop():
            loss = nn.functional.mse_loss(model(X), y)
            probe = Probe()
            loss.grad_fn.metadata["probe"] = probe
            loss.backward()
            optimizer.step()
            return weakref.ref(probe)

        found = loop()
        gc.collect()
        assert found() is None


def test_no_model_is_kept_alive(autologged):
    """When its run has ended, it goes when the user lets go of it."""
    with nbtrack.start_run():
        model, optimizer = made()
        train(model, optimizer)
    found = weakref.ref(model)
    del model, optimizer
    gc.collect()

    assert found() is None


def test_the_model_of_a_training_that_is_over_goes_when_the_next_begins(autologged):
    """Also if there was a scheduler, which holds the optimizer."""

    def fold():
        model, optimizer = made()
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        train(model, optimizer, each_step=scheduler.step)
        return weakref.ref(model)

    with nbtrack.start_run():
        found = fold()
        gc.collect()
        fold()
        gc.collect()
        assert found() is None
    assert autologged.run().data.params["scheduler_name"] == "StepLR"


def test_epochs_and_evaluations_are_told_apart(autologged):
    """By whether an optimizer steps in a pass; an evaluation may be within an epoch."""
    data = torch.utils.data.TensorDataset(X, y)
    other = torch.utils.data.TensorDataset(X[:10], y[:10])
    loader = torch.utils.data.DataLoader(data, batch_size=12)
    held_out = torch.utils.data.DataLoader(other, batch_size=8)
    model, optimizer = made()
    criterion = nn.MSELoss()
    expected = []
    with nbtrack.start_run():
        for _ in range(2):
            for i, (a, b) in enumerate(loader):
                optimizer.zero_grad()
                criterion(model(a), b).backward()
                optimizer.step()
                if not i:
                    with torch.no_grad():
                        for c, d in held_out:
                            criterion(model(c), d)
                        expected.append(criterion(model(X[:10]), y[:10]).item())
    run = autologged.run()

    assert values(run, "train-epoch") == [1, 2]
    assert steps(run, "train-epoch") == [0, 2]
    assert values(run, "eval-loss") == pytest.approx(expected)
    assert steps(run, "eval-loss") == [0, 2]


def test_accumulated_losses_are_summed(autologged):
    """They are what the step's gradients are of."""
    model, optimizer = made()
    with nbtrack.start_run():
        parts = [nn.functional.mse_loss(model(X[i::2]), y[i::2]) / 2 for i in range(2)]
        for part in parts:
            part.backward()
        optimizer.step()

    assert values(autologged.run(), "train-loss") == pytest.approx(
        [sum(part.item() for part in parts)]
    )


def test_what_zero_grad_drops_is_no_part_of_the_loss(autologged):
    """A backward pass for something else, an adversarial example say."""
    model, optimizer = made()
    with nbtrack.start_run():
        (model(X).sum() * 100).backward()
        seen = train(model, optimizer, n=1)

    assert values(autologged.run(), "train-loss") == seen


def test_two_optimizers_have_a_loss_each(autologged):
    """As in a GAN, where the first one's is of two parts."""
    first, opt_d = made()
    second, opt_g = made(lr=0.01)
    with nbtrack.start_run():
        for part in (first(X).mean(), first(X).square().mean()):
            part.backward()
        opt_d.step()
        loss = second(X).square().mean()
        loss.backward()
        opt_g.step()
    run = autologged.run()

    assert values(run, "train-loss-opt_g") == [loss.item()]
    assert len(values(run, "train-loss-opt_d")) == 1
    assert run.data.params["opt_g_lr"] == "0.01"


def test_one_training_after_another_has_losses_of_its_own(autologged):
    """Fold after fold: the optimizers go by one name, and so do the models."""

    def fold(lr):
        model, optimizer = made(lr=lr)
        return train(model, optimizer, n=2)

    with nbtrack.start_run():
        seen = [fold(lr) for lr in (0.1, 0.2, 0.3)]
    run = autologged.run()

    for name, losses in zip(("optimizer", "optimizer-2", "optimizer-3"), seen):
        assert values(run, f"train-loss-{name}") == losses
    assert (run.data.params["lr"], run.data.params["optimizer-3_lr"]) == ("0.1", "0.3")
    assert files(run) >= {"model", "model_model", "model_model-2"}


def test_losses_that_cannot_be_told_apart_are_not_told(autologged):
    """Two backward passes, then two steps: whose is which?"""
    first, opt_a = made()
    second, opt_b = made()
    with nbtrack.start_run():
        first(X).mean().backward()
        second(X).mean().backward()
        opt_a.step()
        opt_b.step()

    assert not [key for key in autologged.run().data.metrics if key.startswith("train-loss")]


def test_a_scaled_loss_is_told_as_it_was(autologged):
    """And a step that a scaler leaves out is no step."""
    model, optimizer = made()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    seen = []
    with nbtrack.start_run():
        for factor in (1.0, float("inf"), 1.0):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(X), y) * factor
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            seen.append(loss.item())

    assert values(autologged.run(), "train-loss") == [seen[0], seen[2]]


def test_a_model_is_not_what_autocast_makes_of_it(autologged, caplog):
    """It is called and answers in float32; of one that is bfloat16 itself numpy knows nothing."""
    X, y = torch.ones(4, 3), torch.ones(4, 1)
    for dtype in (torch.float32, torch.bfloat16):
        model = nn.Linear(3, 1).to(dtype)
        optimizer = torch.optim.SGD(model.parameters())
        with nbtrack.start_run(run_name=str(dtype)), torch.autocast("cpu", dtype=torch.bfloat16):
            for _ in range(2):
                nn.functional.mse_loss(model(X.to(dtype)), y).backward()
                optimizer.step()
    signatures = {
        run.info.run_name: nbtrack.models.get_model_info(model_uri(run)).signature
        for run in autologged.runs()
    }

    assert signatures["torch.bfloat16"] is None
    assert [each.type.name for each in signatures["torch.float32"].outputs] == ["float32"]
    assert caplog.text == ""


def test_a_closure_tells_its_first_loss(autologged):
    """Which is what `step` returns."""
    model, optimizer = made(lr=0.1, kind=torch.optim.LBFGS, max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        return loss

    with nbtrack.start_run():
        seen = [optimizer.step(closure).item() for _ in range(2)]

    assert values(autologged.run(), "train-loss") == seen


def test_torch_autograd_backward_is_seen_too(autologged):
    """The function behind the method."""
    model, optimizer = made()
    with nbtrack.start_run():
        loss = model(X).mean()
        torch.autograd.backward(loss)
        optimizer.step()

    assert values(autologged.run(), "train-loss") == [loss.item()]


def test_a_vector_is_no_loss(autologged):
    """Nor is a scalar with a gradient of its own."""
    model, optimizer = made()
    with nbtrack.start_run():
        model(X).backward(torch.ones(24, 1))
        optimizer.step()

    assert "train-loss" not in autologged.run().data.metrics


def test_what_was_stepped_before_an_error_is_kept(autologged):
    """Also when the user interrupts it."""

    def interrupt():
        if len(ran) == 2:
            raise KeyboardInterrupt
        ran.append(1)

    ran = []
    with pytest.raises(KeyboardInterrupt), nbtrack.start_run():
        train(*made(), each_step=interrupt)
    run = autologged.run()

    assert steps(run, "train-loss") == [0, 1, 2]
    assert "model" in files(run)


def test_a_compiled_model_is_told_of_as_itself(autologged):
    """And its code is compiled as a whole, as without us."""
    model, optimizer = made()
    criterion = nn.MSELoss()
    compiled = torch.compile(lambda a, b: criterion(model(a), b), backend="eager", fullgraph=True)
    with nbtrack.start_run():
        seen = []
        for _ in range(2):
            optimizer.zero_grad()
            loss = compiled(X, y)
            loss.backward()
            optimizer.step()
            seen.append(loss.item())

    assert values(autologged.run(), "train-loss") == seen


def test_a_users_own_param_stays(autologged):
    """A key that he logged is his."""
    with nbtrack.start_run():
        nbtrack.log_param("lr", "mine")
        train(*made())

    assert autologged.run().data.params["lr"] == "mine"


def test_outside_of_tracked_cells_nothing_is_recorded(autologged):
    """Though torch is tapped for those that are tracked."""
    nbtrack.autolog(disable=True)
    for switch in HOOKS.values():
        switch.forget()
        switch.follow("tracked cells")
    with nbtrack.start_run():
        train(*made())

    assert not autologged.run().data.metrics


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_by_function_is_an_evaluation_too(autologged, reduction):
    """The mean over the rows, of batches of any size, without those that it ignores."""
    F = nn.functional
    labels = torch.arange(10) % 3
    labels[[1, 9]] = -100
    held_out = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(X[:10], labels), batch_size=4
    )
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nbtrack.start_run():
        F.cross_entropy(model(X[10:]), torch.zeros(14, dtype=torch.long)).backward()
        optimizer.step()
        with torch.no_grad():
            for a, b in held_out:
                F.cross_entropy(model(a), b, reduction=reduction)
            expected = F.cross_entropy(model(X[:10]), labels).item()

    assert values(autologged.run(), "eval-loss") == pytest.approx([expected])


def test_a_loss_that_weighs_classes_is_not_averaged(autologged):
    """What a batch's mean counts for cannot be told."""
    labels = torch.arange(24) % 3
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, labels), batch_size=5)
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nbtrack.start_run():
        criterion(model(X), labels).backward()
        optimizer.step()
        with torch.no_grad():
            for a, b in loader:
                criterion(model(a), b)

    assert "eval-loss" not in autologged.run().data.metrics


def test_weights_by_position_are_seen(autologged):
    """As those by name: the function says what is where."""
    labels = torch.arange(24) % 3
    weights = torch.tensor([1.0, 2.0, 3.0])
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, labels), batch_size=5)
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nbtrack.start_run():
        nn.functional.cross_entropy(model(X), labels).backward()
        optimizer.step()
        with torch.no_grad():
            for a, b in loader:
                nn.functional.cross_entropy(model(a), b, weights)

    assert "eval-loss" not in autologged.run().data.metrics


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_code_is_as_without(autologged):
    """It reads the source of torch's own functions, and the names in it."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.criterion = nn.MSELoss()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.criterion(x, x + 1) + nn.functional.l1_loss(x, x + 2)

    assert torch.jit.script(Model())(X).item() == pytest.approx(3)


def test_a_resumed_run_goes_on(autologged):
    """Its steps and epochs do."""
    model, optimizer = made()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=12)

    def epoch():
        for a, b in loader:
            nn.functional.mse_loss(model(a), b).backward()
            optimizer.step()

    with nbtrack.start_run() as run:
        epoch()
    with nbtrack.start_run(run_id=run.info.run_id):
        epoch()

    assert steps(autologged.run(), "train-loss") == [0, 1, 2, 3]
    assert values(autologged.run(), "train-epoch") == [1, 2]


def test_steps_go_where_it_is_active(autologged):
    """Whatever was found out in the step before: another run, none, one inside, or nothing at all
    is to be recorded."""
    model, optimizer = made()
    with nbtrack.start_run():
        seen = [train(model, optimizer, n=2)]
        with nbtrack.start_run(nested=True):
            seen.append(train(model, optimizer, n=1))
        seen[0] += train(model, optimizer, n=1)
        nbtrack.pytorch.autolog(disable=True)
        train(model, optimizer, n=1)
        nbtrack.pytorch.autolog(disable=False)
        seen[0] += train(model, optimizer, n=1)
    with nbtrack.start_run():
        seen.append(train(model, optimizer, n=2))

    assert [values(run, "train-loss") for run in autologged.runs()] == seen


def test_a_rate_that_is_a_tensor_is_told_as_it_was(autologged):
    """A scheduler changes it in place, long before it is written."""
    model, optimizer = made(lr=torch.tensor(0.5))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    with nbtrack.start_run():
        train(model, optimizer, each_step=scheduler.step)

    assert values(autologged.run(), "train-learning_rate") == [0.5, 0.25, 0.125]


def test_a_rate_stands_at_a_step_once(autologged):
    """Where it changes and just before, whether it stood for long or for one step."""
    model, optimizer = made()
    rates = iter([0.5, 0.5, 0.5, 0.25, 0.125, 0.125, 0.5, 0.5])

    def change():
        optimizer.param_groups[0]["lr"] = next(rates)

    change()
    with nbtrack.start_run():
        train(model, optimizer, n=7, each_step=change)
    run = autologged.run()

    found = zip(steps(run, "train-learning_rate"), values(run, "train-learning_rate"))
    assert list(found) == [(0, 0.5), (2, 0.5), (3, 0.25), (4, 0.125), (5, 0.125), (6, 0.5)]


def test_a_step_runs_little_code_of_ours(autologged):
    """Each function that is called costs more where the model has used the processor's caches up:
    counted, for time says little on a busy machine."""
    model, optimizer = made()
    calls = []

    def note(frame, event, _):
        if event == "call" and is_ours(frame):
            calls.append(frame.f_code.co_qualname)

    with nbtrack.start_run():
        train(model, optimizer)
        sys.setprofile(note)
        train(model, optimizer, n=10)
        sys.setprofile(None)

    assert 80 <= len(calls) <= 160


def is_ours(frame):
    return frame.f_globals.get("__name__", "").startswith("nbtrack.")


def test_the_pace_is_told(autologged):
    """In steps a second, of all steps but the first."""
    with nbtrack.start_run():
        train(*made(), each_step=lambda: time.sleep(0.02))
    run = autologged.run()

    (pace,) = values(run, "train-steps_per_sec")
    assert 0 < pace <= 50
    assert steps(run, "train-steps_per_sec") == [2]


def test_the_model_has_a_signature(autologged):
    """Of a call that the user made: the model is called no more often than he does."""
    model, optimizer = made()
    calls = []
    model.register_forward_hook(lambda *_: calls.append(1))
    with nbtrack.start_run():
        train(model, optimizer)
    signature = nbtrack.models.get_model_info(
        f"runs:/{autologged.run().info.run_id}/model"
    ).signature

    assert len(calls) == 3
    assert signature.inputs.inputs[0].shape == (-1, 4)
    assert signature.outputs.inputs[0].shape == (-1, 1)
    assert not torch.nn.modules.module._global_forward_hooks


def measured(run):
    return [v for key, v in run.data.metrics.items() if key.startswith("mean_squared")]


def test_what_is_measured_of_a_model_is_of_the_run_that_trained_it(autologged):
    """Whichever is active; as it is called at once, and under another name."""
    first, second = made(), made()
    for model, optimizer in (first, second):
        with nbtrack.start_run():
            train(model, optimizer)
    with nbtrack.start_run():
        model = first[0].eval()
        with torch.no_grad():
            hat = model(X)
        errors = [mean_squared_error(y, hat.numpy())]
        model = second[0]
        errors.append(mean_squared_error(y, torch.round(model(X).detach(), decimals=3)))
    *trained, other = autologged.runs()

    assert [measured(run) for run in trained] == [[errors[0]], [errors[1]]]
    assert "mean_squared_error_X" in trained[0].data.metrics
    assert not other.data.metrics


def test_what_may_be_of_another_model_is_nobodys(autologged):
    """A name that was given to another since, or what came of a function of the user's."""
    model, optimizer = made()
    trained_model = model
    with nbtrack.start_run():
        train(model, optimizer)
    with nbtrack.start_run(), torch.no_grad():
        model = nn.Linear(4, 1)
        hat = model(X)
        model = trained_model
        mean_squared_error(y, hat)
        mean_squared_error(y, (lambda found: found * 2)(model(X)))
    trained, other = autologged.runs()

    assert not measured(trained)
    assert len(measured(other)) == 2
