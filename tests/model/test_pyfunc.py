"""The loader that MLflow calls, as MLflow calls it."""

import numpy as np
import pytest

from switchyard.errors import SwitchyardError
from switchyard.model.pyfunc import _load_pyfunc
from tests.fixtures import brightness


@pytest.mark.parametrize(("target", "candidate"), [("flag", "random_forest"), ("price", "ridge")])
def test_a_loaded_folder_answers_pandas_frames_with_missing_values(houses, rows, tmp_path, target, candidate):
    model = houses.fit(houses.config(target), candidate, rows[:300], rows[300:]).model
    (tmp_path / "model.onnx").write_bytes(model.content)
    (tmp_path / "metadata.json").write_text(model.metadata_json())
    frame = rows[300:].to_pandas().set_index("key")
    answer = _load_pyfunc(str(tmp_path / ".")).predict(frame)
    expected = model.run(rows[300:])
    assert list(answer) == list(expected) == (["prediction"] if target == "price" else ["label", "probabilities"])
    for name, values in expected.items():
        np.testing.assert_array_equal(answer[name], values)


def test_a_gallery_beside_the_graph_is_searched(tmp_path):
    images = brightness.table(30, 0)
    model = brightness.retrieval(images, beside=True)
    for name, content in {"model.onnx": model.content, **model.companions}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "metadata.json").write_text(model.metadata_json())
    answer = _load_pyfunc(str(tmp_path)).predict(images.select("image").to_pandas())
    assert answer["neighbours"][:, 0].tolist() == list(range(30))
    (tmp_path / "gallery.npz").write_bytes(b"of another model")
    with pytest.raises(SwitchyardError, match=r"gallery\.npz is not the file"):
        _load_pyfunc(str(tmp_path))
