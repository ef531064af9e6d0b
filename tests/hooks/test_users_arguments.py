"""What a user passed to a training is passed on as he passed it."""

from __future__ import annotations

import pytest

from nbtrack.hooks.training.arguments import users_arguments


class Trainer:
    def fit(self, model, callbacks=None, *, seed=0, **options):
        pass


def train(data, callbacks=None, **options):
    pass


IT = Trainer()


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "passed"),
    [
        (train, ("d",), {}, (("d",), {"callbacks": "ours"})),
        (train, ("d", "his"), {}, (("d", "ours"), {})),
        (train, ("d",), {"callbacks": "his"}, (("d",), {"callbacks": "ours"})),
        (train, (), {"data": "d", "x": 1}, ((), {"data": "d", "x": 1, "callbacks": "ours"})),
        (Trainer.fit, (IT, "m"), {"seed": 1}, ((IT, "m"), {"seed": 1, "callbacks": "ours"})),
        (Trainer.fit, (IT, "m", "his"), {"x": 1}, ((IT, "m", "ours"), {"x": 1})),
    ],
)
def test_one_argument_is_another(function, args, kwargs, passed):
    """At its place if it has one; what only the library knows stays what it is."""
    found = users_arguments(function, args, kwargs, is_method=function is not train)

    assert found is not None
    assert found.passed_with("callbacks", "ours") == passed
    assert (found.args, found.kwargs) == (args, kwargs)


def test_one_that_has_no_place_is_passed_by_name():
    """As only few can be."""
    found = users_arguments(Trainer.fit, (IT, "m"), {}, is_method=True)

    assert found is not None
    assert found.passed_with("seed", 5) == ((IT, "m"), {"seed": 5})
