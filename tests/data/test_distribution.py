"""PSI and KS against other people's figures, planted shifts, and the same data drawn again."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp

from switchyard.config.sections import Contract
from switchyard.data.distribution import compare, profile
from switchyard.data.shift_measures import ks, psi
from switchyard.errors import InputError

NUMBER = {"type": "number", "nullable": True}
TEXT = {"type": "string", "nullable": True}


def contract(distribution: dict | None = None, **columns: dict) -> Contract:
    return Contract.model_validate({"columns": columns, "distribution": distribution or {}})


def shift(column: dict, before, now, **distribution):
    """How far a single column `x` moved, by way of the baseline as it is stored."""
    asked = contract(distribution, x=column)
    baseline = json.loads(json.dumps(profile(pl.LazyFrame({"x": before}), asked), allow_nan=False))
    (found,) = compare(pl.LazyFrame({"x": now}), asked, baseline)
    return found


def test_psi_of_a_textbook_example():
    # (.3-.5)ln(.3/.5) + (.3-.3)ln(1) + (.4-.2)ln(.4/.2) = 0.10217 + 0 + 0.13863
    assert psi([50, 30, 20], [30, 30, 40]) == pytest.approx(0.2407945, abs=1e-7)


def test_psi_counts_an_empty_bin_as_half_a_row():
    # Shares .5, .5, .005 against .4, .5, .1: the third was never seen among 100 rows.
    by_hand = (0.4 - 0.5) * math.log(0.4 / 0.5) + (0.1 - 0.005) * math.log(0.1 / 0.005)
    assert psi([50, 50, 0], [40, 50, 10]) == pytest.approx(by_hand)
    assert psi([50, 50, 0], [5000, 5000, 0]) == 0


def test_ks_of_bins_is_the_greatest_distance():
    assert ks([1, 1, 1, 1], [0, 2, 0, 2]) == pytest.approx(0.25)
    assert ks([1, 1, 0], [0, 0, 5]) == 1
    assert ks([0, 0], [1, 1]) == 1
    assert ks([0, 0], [0, 0]) == 0


@pytest.mark.parametrize("moved", [0.0, 0.1, 0.5, 3.0])
def test_ks_agrees_with_scipy(moved):
    random = np.random.default_rng(3)
    before, now = random.normal(size=4000), random.normal(moved, 1.2, size=2500)
    found = shift(NUMBER, before, now, method="ks", max=0.1)
    exact = ks_2samp(before, now).statistic
    assert exact - 1 / 256 <= found.value <= exact + 1e-12
    assert found.passed == (found.value <= 0.1)


def test_ks_is_exact_where_values_are_few():
    random = np.random.default_rng(4)
    before, now = random.poisson(3, 700), random.poisson(4, 300)
    found = shift({"type": "integer"}, before, now, method="ks")
    assert found.value == pytest.approx(ks_2samp(before, now).statistic, abs=1e-12)


@pytest.mark.parametrize("method", ["psi", "ks"])
def test_same_distribution_drawn_again_passes_and_a_planted_shift_does_not(method):
    random = np.random.default_rng(5)
    before = random.lognormal(size=3000)
    limits = {"method": method, "max": 0.1}
    assert shift(NUMBER, before, random.choice(before, 2000), **limits).passed
    assert shift(NUMBER, before, random.lognormal(size=2000), **limits).passed
    assert not shift(NUMBER, before, random.lognormal(0.6, size=2000), **limits).passed


def test_psi_of_numbers_is_that_of_the_baseline_s_tenths():
    before = np.arange(1000.0)
    now = np.r_[np.arange(0, 100, 0.5), np.arange(100, 900)]  # 200 rows in the first tenth, none in the last
    shares = [0.2, *[0.1] * 8, 0.0005]
    by_hand = sum((q - 0.1) * math.log(q / 0.1) for q in shares)
    assert shift(NUMBER, before, now).value == pytest.approx(by_hand, rel=0.1)


def test_values_beyond_the_baseline_count():
    assert shift(NUMBER, np.arange(1000.0), np.arange(1000.0) + 5000).value > 1
    assert shift(NUMBER, np.arange(1000.0), np.arange(1000.0) - 5000).value > 1
    assert not shift({"type": "integer"}, [1, 2, 3] * 100, [1, 2, 3, 9] * 75).passed


def test_new_category_counts():
    found = shift(TEXT, ["a", "b"] * 500, ["a", "b", "new", "b"] * 250)
    # a .5 to .25, b .5 to .5, others none (half a row) to .25
    by_hand = -0.25 * math.log(0.5) + (0.25 - 0.0005) * math.log(0.25 / 0.0005)
    assert found.value == pytest.approx(by_hand)
    assert not found.passed


@pytest.mark.parametrize(
    ("column", "value"), [(NUMBER, 1.5), (TEXT, "a"), ({"type": "boolean", "nullable": True}, True)]
)
def test_changed_share_of_nulls_counts(column, value):
    found = shift(column, [value] * 90 + [None] * 10, [value] * 50 + [None] * 50)
    by_hand = (0.5 - 0.9) * math.log(0.5 / 0.9) + (0.5 - 0.1) * math.log(0.5 / 0.1)
    assert found.value == pytest.approx(by_hand)


def test_nan_is_a_null_here_too():
    assert shift(NUMBER, [1.0, 2.0, None, None] * 20, [1.0, 2.0, math.nan, math.nan] * 20).value == 0


def test_rare_categories_are_taken_together():
    before = [f"name {row}" for row in range(1000)]
    now = [f"another {row}" for row in range(1000)]
    assert shift(TEXT, before, now).value == 0


def test_strings_of_a_csv_are_numbers_where_the_contract_says_so():
    assert shift(NUMBER, ["1", "2", "10"] * 50, [" 1", "2.0", "1e1"] * 50).value == 0


def test_thresholds_and_methods_are_those_of_the_column():
    columns = {"a": {"type": "number"}, "b": {"type": "number"}, "c": {"type": "string"}}
    asked = contract({"method": "ks", "max": 0.3, "columns": {"b": {"method": "psi", "max": 9.0}}}, **columns)
    before = pl.LazyFrame({"a": range(100), "b": range(100), "c": ["u", "v"] * 50})
    now = pl.LazyFrame({"a": range(50, 150), "b": range(50, 150), "c": ["u", "v"] * 50})
    found = {one.column: one for one in compare(now, asked, profile(before, asked))}
    assert [(one.method, one.max, one.passed) for one in found.values()] == [
        ("ks", 0.3, False),
        ("psi", 9.0, True),
        ("psi", 0.25, True),
    ]
    assert found["a"].value == pytest.approx(0.5)
    assert found["a"].sentence() == "column a shifted: ks 0.5, at most 0.3 is allowed"


def test_identifiers_and_moments_are_not_compared_unless_named():
    columns = {"key": {"type": "string", "unique": True}, "when": {"type": "datetime"}, "x": {"type": "number"}}
    days = [dt.datetime(2024, 1, 1) + dt.timedelta(days=day) for day in range(40)]
    before = pl.LazyFrame({"key": [f"a{row}" for row in range(40)], "when": days, "x": range(40)})
    now = before.with_columns(pl.col("when") + dt.timedelta(days=400), "b" + pl.col("key"))
    asked = contract(None, **columns)
    baseline = profile(before, asked)
    assert [one.column for one in compare(now, asked, baseline)] == ["x"]
    named = contract({"columns": {"when": {"method": "ks", "max": 0.5}}}, **columns)
    assert [(one.column, one.value) for one in compare(now, named, baseline)] == [("when", 1.0), ("x", 0.0)]


def test_column_that_the_baseline_does_not_know_is_left_out():
    frame = pl.LazyFrame({"x": ["1", "2"], "z": ["1", "2"]})
    baseline = profile(frame, contract(x={"type": "number"}))
    assert compare(frame, contract(z={"type": "number"}), baseline) == ()
    assert compare(frame, contract(x={"type": "string"}), baseline) == ()


@pytest.mark.parametrize("values", [[None] * 4, []])
def test_column_without_values_has_a_profile(values):
    series = pl.Series("x", values, dtype=pl.Float64)
    baseline = profile(pl.LazyFrame([series]), contract(x=NUMBER))
    (found,) = compare(pl.LazyFrame({"x": [1.0, 2.0]}), contract(x=NUMBER), baseline)
    assert math.isfinite(found.value)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"zz": {}}, r"^contract\.distribution\.columns\.zz: .* x"),
        ({"x": {"method": "ks"}}, r"^contract\.distribution\.columns\.x\.method: ks needs an order"),
        ({"key": {}}, r"^contract\.distribution\.columns\.key: key is unique"),
    ],
)
def test_distribution_config_that_makes_no_sense(columns, named):
    asked = contract({"columns": columns}, x=TEXT, key={"type": "string", "unique": True})
    frame = pl.LazyFrame({"x": ["a"], "key": ["k"]})
    with pytest.raises(InputError, match=named):
        compare(frame, asked, profile(frame, asked))
