import numpy as np
import pytest
from scipy.stats import binomtest

from switchyard.statistics.proportions import share_of, wilson


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 10), (263, 1000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_is_that_of_scipy(hits, rows, confidence):
    expected = binomtest(hits, rows).proportion_ci(confidence, method="wilson")

    found = wilson(np.array([hits / rows]), np.array([float(rows)]), confidence)

    assert np.ravel(found) == pytest.approx([expected.low, expected.high], abs=1e-12)
    assert found[0] <= hits / rows <= found[1]


def test_a_share_of_no_rows_has_no_value():
    assert share_of(np.zeros(0, bool), 0.95).as_dict() == {"value": None, "low": None, "high": None, "n": 0}


def test_a_share_of_one_row_has_a_wide_interval():
    found = share_of(np.ones(1, bool), 0.95)

    assert (found.value, found.high, found.n) == (1, 1, 1)
    assert found.low < 0.25
