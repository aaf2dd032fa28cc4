"""An ONNX file read back from disk, and files that are none."""

import onnx
import polars as pl
import pytest

from switchyard.errors import InputError
from switchyard.model.onnx_model import OnnxModel


def test_a_loaded_file_answers_as_the_trained_model(houses, rows, tmp_path):
    model = houses.fit(houses.config(), "hist_gradient_boosting", rows[:300], rows[300:]).model
    (tmp_path / "model.onnx").write_bytes(model.content)
    loaded = OnnxModel.load(tmp_path / "model.onnx")
    raw = rows[300:].select(each["name"] for each in loaded.metadata["inputs"])
    assert (loaded.run(raw)["probabilities"] == model.run(raw)["probabilities"]).all()


def test_a_file_that_is_none_of_ours_is_one_sentence(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(InputError, match=f"{path} is not a file"):
        OnnxModel.load(path)
    path.write_bytes(b"\xff\xff not a model")
    with pytest.raises(InputError, match=f"{path} is not an ONNX file"):
        OnnxModel.load(path)
    path.write_bytes(onnx.ModelProto(ir_version=8).SerializeToString())
    with pytest.raises(InputError, match=f"{path} has no switchyard.card"):
        OnnxModel.load(path)


def test_text_and_numbers_may_be_missing(houses, rows):
    model = houses.fit(houses.config(), "random_forest", rows[:300], rows[300:]).model
    names = [each["name"] for each in model.metadata["inputs"]]
    nothing = pl.DataFrame({name: [None] for name in names})
    empty = pl.DataFrame({name: [""] if name == "colour" else [float("nan")] for name in names})
    assert (model.run(nothing)["probabilities"] == model.run(empty)["probabilities"]).all()
