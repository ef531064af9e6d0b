"""Which run a fit of scikit-learn is recorded on, beyond what holds for every training: one that
goes on with a model, or is of what was cross-validated before, joins that one's run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.sklearn.params import fit_name
from nbtrack.hooks.sklearn.subjects import awaits_fit, child_awaiting_fit
from nbtrack.hooks.training.run_choice import FitRun, Kin, choose_run

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.recording.active_run import ActiveRun
    from nbtrack.recording.session import Session


def run_of_fit(
    session: Session, estimator: Any, flags: CommonFlags, *, flavor: str = "sklearn"
) -> FitRun | None:
    """As `choose_run`."""
    name = fit_name(estimator)
    return choose_run(session, name=name, flavor=flavor, flags=flags, kin=_Kin(estimator))


class _Kin(Kin):
    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def is_of(self, run: ActiveRun) -> bool:
        """Trained on from where it is (a warm start), or cross-validated there and fitted now."""
        estimator = self._estimator
        goes_on = getattr(estimator, "warm_start", False) and known_models.run_of(estimator) is run
        return bool(goes_on) or awaits_fit(run, estimator)

    def child_of(self, run: ActiveRun) -> ActiveRun | None:
        return child_awaiting_fit(run, self._estimator)
