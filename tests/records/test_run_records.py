"""Records as users make them and take them apart."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.records.runs import Metric


def test_a_metric_is_made_of_its_dictionary():
    """With what it says of models and data; what is missing is named."""
    metric = Metric("loss", 0.5, 1000, 3, dataset_name="test")

    assert Metric.from_dictionary(metric.to_dictionary()) == metric
    with pytest.raises(InvalidValue, match="timestamp, step"):
        Metric.from_dictionary({"key": "loss", "value": 0.5})
