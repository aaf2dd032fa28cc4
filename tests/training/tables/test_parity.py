"""The parity check can fail: graphs that were tampered with are refused."""

from types import SimpleNamespace

import numpy as np
import onnx
import polars as pl
import pytest
from onnx import numpy_helper

from switchyard.config.features import resolve
from switchyard.errors import InputError, SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.tables import parity
from switchyard.training.tables.encoder import fit_encoder
from switchyard.training.tables.fitted import Fitted, fit_learner
from switchyard.training.tables.learners import KINDS
from switchyard.training.tables.onnx.export import export
from switchyard.training.tables.target import fit_target
from switchyard.training.trained import check as check_parity


def made(houses, rows, target, kind, params=None):
    """A fitted model, its honest graph, and what parity needs to compare them."""
    use_case = houses.config(target)
    features = resolve(use_case.features, use_case.contract, use_case.data)
    goal = fit_target(rows, use_case.data, use_case.task)
    encoder = fit_encoder(rows, features, KINDS[kind].standardise)
    learner = KINDS[kind].build(use_case.task, params or houses.quick[kind], 1, 1)
    fitted = Fitted(encoder, fit_learner(learner, encoder.transform(rows), goal.encode(rows)), use_case.task)
    metadata = {"inputs": [{"name": f.name, "datatype": f.datatype} for f in features]}
    model = OnnxModel(export(fitted, features, goal, metadata), metadata)
    return SimpleNamespace(fitted=fitted, model=model, target=goal, features=features)


def tampered(model: OnnxModel, change) -> OnnxModel:
    proto = onnx.load_model_from_string(model.content)
    change(proto.graph)
    return OnnxModel(proto.SerializeToString(), model.metadata)


def scale_largest_constant(graph):
    """Make the weights (a constant, or an attribute of the trees) a ten-thousandth larger."""
    trees = [a.t for node in graph.node for a in node.attribute if a.name == "target_weights_as_tensor"]
    weights = trees[0] if trees else max(graph.initializer, key=lambda t: np.prod(t.dims) if t.data_type == 11 else 0)
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * 1.0001, weights.name))


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("binary", "logistic_regression"),
        ("three", "random_forest"),
        ("binary", "hist_gradient_boosting"),
        ("three", "mlp"),
        ("price", "ridge"),
        ("price", "random_forest"),
        ("price", "hist_gradient_boosting"),
        ("price", "mlp"),
    ],
)
def test_slightly_wrong_weights_are_refused(houses, rows, target, kind):
    case = made(houses, rows, target, kind)
    check_parity(parity.measure(case.fitted, case.model, rows, case.target), kind)
    measured = parity.measure(case.fitted, tampered(case.model, scale_largest_constant), rows, case.target)
    with pytest.raises(SwitchyardError, match=rf"candidate {kind}: .* differs .* in row {measured.worst_row} of 400"):
        check_parity(measured, kind)


def test_wrong_labels_are_refused_even_with_right_probabilities(houses, rows):
    case = made(houses, rows, "binary", "logistic_regression")

    def swap_classes(graph):
        classes = next(t for t in graph.initializer if t.string_data)
        classes.string_data[:] = list(reversed(classes.string_data))

    measured = parity.measure(case.fitted, tampered(case.model, swap_classes), rows, case.target)
    assert measured.max_difference < 1e-6
    with pytest.raises(SwitchyardError, match="another label than the fitted model in row 0 of 400"):
        check_parity(measured, "logistic")


def test_nan_is_refused(houses, rows):
    case = made(houses, rows, "price", "ridge")

    def poison(graph):
        bias = next(t for t in graph.initializer if list(t.dims) == [1, 1])
        bias.CopyFrom(numpy_helper.from_array(np.array([[np.nan]]), bias.name))

    with pytest.raises(SwitchyardError, match="differs from the fitted model by nan"):
        check_parity(parity.measure(case.fitted, tampered(case.model, poison), rows, case.target), "ridge")


def test_training_stops_when_the_exported_graph_is_wrong(houses, rows, monkeypatch):
    from switchyard.training.tables import train as module

    honest = module.export
    monkeypatch.setattr(
        module, "export", lambda *given: tampered(OnnxModel(honest(*given), {}), scale_largest_constant).content
    )
    with pytest.raises(SwitchyardError, match="candidate ridge: the ONNX graph differs"):
        houses.fit(houses.config("price"), "ridge", rows[:300], rows[300:])


def test_exact_ties_of_a_forest_are_counted_and_not_called_wrong(houses):
    """Two rows that are alike but for the class: every tree that sees both is undecided."""
    frame = pl.DataFrame({"area": [1.0] * 40, "binary": ["no", "yes"] * 20})
    use_case = houses.config(features={"numeric": ("area",), "categorical": ()})
    features = resolve(use_case.features, use_case.contract, use_case.data)
    goal = fit_target(frame, use_case.data, "classification")
    encoder = fit_encoder(frame, features, False)
    forest = KINDS["random_forest"].build("classification", {"n_estimators": 3, "bootstrap": False}, 0, 1)
    fitted = Fitted(encoder, fit_learner(forest, encoder.transform(frame), goal.encode(frame)), "classification")
    metadata = {"inputs": [{"name": "area", "datatype": "FP32"}]}
    measured = parity.measure(fitted, OnnxModel(export(fitted, features, goal, metadata), metadata), frame, goal)
    assert measured.ties == 40
    assert measured.labels_equal


def test_difficult_rows_are_missing_and_unknown_in_every_column(houses, rows):
    case = made(houses, rows, "binary", "logistic_regression")
    probes = parity.difficult_rows(rows, case.features, case.fitted.encoder)[rows.height :]
    assert all(probes[name].null_count() >= 10 for name in ("area", "rooms", "sunny", "colour", "zone"))
    assert (~probes["colour"].drop_nulls().is_in(rows["colour"].drop_nulls().implode())).sum() == 10
    assert (~probes["zone"].drop_nulls().is_in(rows["zone"].drop_nulls().cast(pl.Float64).implode())).sum() == 10


def test_without_validation_rows_there_is_no_parity_and_no_model(houses, rows):
    with pytest.raises(InputError, match=r"no validation rows .*enlarge split\.validation"):
        houses.fit(houses.config("price"), "ridge", rows[:300], rows[:0])
