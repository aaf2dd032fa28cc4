"""What the preprocessing learns, and that it never sees what it must not."""

import numpy as np
import polars as pl
import pytest

from switchyard.config.features import Feature
from switchyard.errors import InputError
from switchyard.training.tables.encoder import MAX_CATEGORIES, check_columns, fit_encoder

AREA, COLOUR = Feature("area", "numeric", "FP32"), Feature("colour", "categorical", "BYTES")
ZONE = Feature("zone", "categorical", "FP32")


def test_numbers_are_imputed_by_the_median_and_standardised():
    frame = pl.DataFrame({"area": [1.0, 2.0, 9.0, None]})
    matrix = fit_encoder(frame, (AREA,), standardise=True).transform(frame)
    np.testing.assert_allclose(matrix[:, 0], (np.array([1, 2, 9, 2]) - 3.5) / np.std([1, 2, 9, 2]))
    assert matrix[:, 1].tolist() == [0, 0, 0, 1]


def test_trees_get_numbers_as_they_are():
    frame = pl.DataFrame({"area": [1.0, 1e6, None]})
    matrix = fit_encoder(frame, (AREA,), standardise=False).transform(frame)
    np.testing.assert_array_equal(matrix, [[1], [1e6], [np.nan]])


def test_a_constant_column_is_no_division_by_zero():
    frame = pl.DataFrame({"area": [0.1, 0.1, 0.1]})
    np.testing.assert_allclose(fit_encoder(frame, (AREA,), True).transform(frame), 0, atol=1e-12)


def test_the_unit_of_a_column_does_not_matter():
    metres = pl.DataFrame({"area": [1.0, 2.0, 4.0]})
    tiny = metres * 1e-20
    expected = fit_encoder(metres, (AREA,), True).transform(metres)
    np.testing.assert_allclose(fit_encoder(tiny, (AREA,), True).transform(tiny), expected, rtol=1e-5)


def test_numbers_are_rounded_as_the_graph_gets_them():
    frame = pl.DataFrame({"area": [0.1, 16_777_217.0]})
    assert fit_encoder(frame, (AREA,), False).transform(frame)[:, 0].tolist() == [float(np.float32(0.1)), 16_777_216.0]


def test_missing_text_is_a_category_and_an_unknown_one_is_none():
    encoder = fit_encoder(pl.DataFrame({"colour": ["red", "blue", None]}), (COLOUR,), True)
    assert encoder.categorical[0].categories == ("", "blue", "red")
    matrix = encoder.transform(pl.DataFrame({"colour": [None, "red", "pink"]}))
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_numbers_as_categories_are_told_apart_by_their_fractions():
    encoder = fit_encoder(pl.DataFrame({"zone": [1.0, 1.5, None]}), (ZONE,), True)
    matrix = encoder.transform(pl.DataFrame({"zone": [1.0, 1.5, 1.25, None]}))
    assert matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]


def test_rare_and_unknown_categories_share_a_column():
    values = [f"common{i:03}" for i in range(MAX_CATEGORIES)] * 2 + ["rare1", "rare2"]
    encoder = fit_encoder(pl.DataFrame({"colour": values}), (COLOUR,), True)
    matrix = encoder.transform(pl.DataFrame({"colour": ["common000", "rare1", "never seen"]}))
    assert matrix.shape == (3, MAX_CATEGORIES + 1)
    assert matrix.argmax(axis=1).tolist() == [0, MAX_CATEGORIES, MAX_CATEGORIES]


@pytest.mark.parametrize("candidate", ["logistic_regression", "random_forest"])
def test_many_categories_reach_the_graph(houses, rows, candidate):
    values = [f"c{i % 150}" for i in range(rows.height)]
    many = rows.with_columns(colour=pl.Series(values), zone=pl.Series([i % 130 for i in range(rows.height)]))
    parity = houses.fit(houses.config(), candidate, many, many).model.metadata["parity"]
    assert parity["max_difference"] <= 1e-5


def test_a_column_without_values_is_one_sentence(houses, rows):
    empty = rows.with_columns(area=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(InputError, match=r"column 'area' has no value in any of the 400 training rows: .*exclude"):
        houses.fit(houses.config(), "random_forest", empty, rows)


def test_a_number_beyond_float32_is_one_sentence():
    with pytest.raises(InputError, match="column 'area' holds a number beyond float32"):
        check_columns(pl.DataFrame({"area": [1.0, 1e39]}), (AREA,))
