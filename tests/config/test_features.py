"""Which columns become features, and every way to ask for the impossible."""

import pytest

from switchyard.config.features import Feature, resolve
from switchyard.errors import InputError


def resolved(use_case):
    return resolve(use_case.features, use_case.contract, use_case.data)


def test_without_names_types_decide(houses):
    data = {"uri": "x", "target": "binary", "id": "key", "group": "street", "time": "sold"}
    assert resolved(houses.config(features={}, data=data)) == (
        Feature("area", "numeric", "FP32"),
        Feature("rooms", "numeric", "FP32"),
        Feature("sunny", "numeric", "FP32"),
        Feature("colour", "categorical", "BYTES"),
        Feature("zone", "numeric", "FP32"),
    )


def test_datetimes_are_left_out_unless_named(houses):
    assert "sold" not in [feature.name for feature in resolved(houses.config(features={}))]


def test_numbers_can_be_categories_and_keep_a_number_as_input(houses):
    found = resolved(houses.config(features={"categorical": ("rooms", "colour")}))
    assert Feature("rooms", "categorical", "FP32") in found
    assert Feature("colour", "categorical", "BYTES") in found
    assert Feature("zone", "numeric", "FP32") in found


def test_names_limit_their_kind_only(houses):
    assert [f.name for f in resolved(houses.config(features={"numeric": ("area",)}))] == ["area", "colour"]


def test_excluded_columns_are_left_out(houses):
    assert "area" not in [f.name for f in resolved(houses.config(features={"exclude": ("area",)}))]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"numeric": ("aera",)}, r"features\.numeric names 'aera', which is not in contract\.columns: key, area"),
        ({"categorical": ("x",)}, r"features\.categorical names 'x', which is not in contract\.columns"),
        ({"exclude": ("x",)}, r"features\.exclude names 'x', which is not in contract\.columns"),
        (
            {"numeric": ("zone",), "categorical": ("zone",)},
            r"features\.numeric and features\.categorical both name 'zone'",
        ),
        ({"numeric": ("zone",), "exclude": ("zone",)}, r"features\.numeric and features\.exclude both name 'zone'"),
        ({"categorical": ("binary",)}, r"features\.categorical names 'binary', which is data\.target"),
        ({"categorical": ("key",)}, r"features\.categorical names 'key', which is data\.id"),
        ({"categorical": ("street",)}, r"features\.categorical names 'street', which is data\.group"),
        ({"numeric": ("colour",)}, r"features\.numeric names 'colour', which the contract says is a string"),
        ({"categorical": ("sold",)}, r"features\.categorical names 'sold', a datetime"),
        ({"numeric": (), "categorical": ()}, r"features leaves no column"),
    ],
)
def test_impossible_features_are_one_sentence(houses, features, message):
    with pytest.raises(InputError, match=message):
        resolved(houses.config(features=features))


def test_a_feature_named_like_an_output_is_refused(houses):
    columns = {"label": {"type": "number"}, "binary": {"type": "string"}}
    use_case = houses.config(contract={"columns": columns}, data={"uri": "x", "target": "binary"}, features={})
    with pytest.raises(InputError, match="feature 'label', which is the name of an output"):
        resolved(use_case)
