"""`nbtrack.pyfunc.utils.pyfunc`: a function whose type hint checks its input, named as MLflow's."""

from nbtrack.models.hinted_calls import checking_as_written as pyfunc

__all__ = ["pyfunc"]
