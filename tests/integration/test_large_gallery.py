"""A gallery too large for its graph, from training to endpoint and back, on the local stack: 400 digits, two epochs.

The commands are called one after the other in one process, since to start each in one of its own takes far longer than
what it does.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import polars as pl
import pytest
import yaml

from switchyard.images.decoding import decode
from tests.integration.conftest import SOURCE
from tests.rehearsal.processes import free_port

DIGITS = [str(number) for number in range(10)]
PRELUDE = """
import contextlib, io, json, shutil, urllib.request
import polars as pl
from run import main
URL = "http://127.0.0.1:{port}/v2/models/many"
LATER = pl.read_parquet("data/later.parquet")["image"].to_list()[::8]

def do(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*arguments, "--config", "many"])
    print(json.dumps({{"code": code, "out": out.getvalue(), "err": err.getvalue()}}), flush=True)

def post(path, body, kind):
    request = urllib.request.Request(f"{{URL}}/{{path}}", body, {{"Content-Type": kind}})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())

def look():
    print(json.dumps({{"files": [post("predict-image", each, "image/png") for each in LATER]}}), flush=True)
"""


@pytest.fixture(scope="module")
def many(new_project):
    """A project with two sets of as many images, and a config whose gallery is soon too large."""
    project, port = new_project(), free_port()
    table = pl.read_parquet(SOURCE / "data" / "digits.parquet").with_columns(nth=pl.int_range(pl.len()).over("label"))
    for name, first in (("many", 0), ("later", 40)):
        some = table.filter(pl.col("nth").is_between(first, first + 39)).drop("nth")
        some.write_parquet(project.root / "data" / f"{name}.parquet")
    config = {
        "name": "many",
        "task": "image_retrieval",
        "data": {"uri": "data/many.parquet"},
        "contract": {"formats": ["PNG"], "classes": DIGITS, "distribution": {"max": 100}},
        "image": {"size": [14, 14], "channels": 1},
        "candidates": {
            "arcface": {
                "type": "arcface",
                "params": {"epochs": 2, "width": 4, "batch_size": 32, "threshold": -1.0, "largest_exact": 100},
            }
        },
        "metrics": {"primary": "accuracy", "bootstrap": 50},
        "gates": {"accuracy": ">= 0.05", "retrieval.search_recall": ">= 0.95"},
        "champion": {"too_close": "promote"},
        "deployment": {"port": port},
    }
    (project.root / "configs" / "many.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def called(script):
        """What the commands of a script said, as they come."""
        ended = project.start(PRELUDE.format(port=port) + script, program=("-c",)).finish()
        assert ended.code == 0, (ended.out, ended.err)
        return [SimpleNamespace(**json.loads(line)) for line in ended.out.splitlines() if line.startswith("{")]

    called.project = project
    return called


@pytest.fixture(scope="module")
def there_and_back(many):
    """Trained; indexed with other images; rolled back."""
    names = ("trained", "first", "tensors", "by_mlflow", "indexed", "second", "back", "third", "reproduced")
    pixels = [decode(each, 1, (14, 14)) for each in later(many.project)]
    tensor = {"name": "image", "datatype": "UINT8", "shape": [len(pixels), 14, 14, 1]}
    body = {"inputs": [{**tensor, "data": [value for each in pixels for value in each.ravel().tolist()]}]}
    script = f"""
do("--stack", "local")
look()
print(json.dumps(post("infer", {json.dumps(body).encode()!r}, "application/json")), flush=True)
import mlflow
from zenml.client import Client
mlflow.set_tracking_uri(Client().active_stack.experiment_tracker.get_tracking_uri())
champion = mlflow.pyfunc.load_model("models:/many@champion").predict(pl.DataFrame({{"image": LATER}}).to_pandas())
print(json.dumps({{"answers": {{name: values.tolist() for name, values in champion.items()}}}}), flush=True)
shutil.copy("data/later.parquet", "data/many.parquet")
do("index")
look()
do("rollback", "--reason", "to have the old images again")
look()
do("reproduce", "2")
"""
    return SimpleNamespace(**dict(zip(names, many(script), strict=True)))


def later(project):
    return pl.read_parquet(project.root / "data" / "later.parquet")["image"].to_list()[::8]


def found_themselves(seen):
    """How many of the later images have themselves as the nearest neighbour."""
    return sum(each["neighbours"][0]["similarity"] > 1 - 1e-6 for each in seen.files)


def test_training_ends_with_an_index_that_is_gated_and_served(there_and_back):
    assert there_and_back.trained.code == 0, there_and_back.trained.err
    assert "retrieval.search_recall" in there_and_back.trained.out
    assert {each["model_version"] for each in there_and_back.first.files} == {"1"}
    answers = {each["name"]: each for each in there_and_back.tensors.outputs}
    assert list(answers) == ["label", "neighbours", "neighbour_labels", "similarity", "embedding"]
    assert answers["neighbours"]["shape"] == [50, 5]
    assert answers["label"]["data"] == [each["label"] for each in there_and_back.first.files]
    assert set(answers["label"]["data"]) <= set(DIGITS)


def test_mlflow_answers_as_the_endpoint(there_and_back):
    answers = {each["name"]: each["data"] for each in there_and_back.tensors.outputs}
    by_mlflow = there_and_back.by_mlflow.answers
    assert by_mlflow["label"] == answers["label"]
    assert [row for rows in by_mlflow["neighbours"] for row in rows] == answers["neighbours"]


def test_other_images_of_the_same_number_are_another_version(there_and_back):
    assert there_and_back.indexed.code == 0, there_and_back.indexed.err
    assert {each["model_version"] for each in there_and_back.second.files} == {"2"}
    assert found_themselves(there_and_back.first) == 0
    assert found_themselves(there_and_back.second) > 25  # the share that is in the gallery, not in the test


def test_a_rollback_brings_the_old_images_back(there_and_back):
    assert there_and_back.back.code == 0, there_and_back.back.err
    assert there_and_back.third.files == there_and_back.first.files


def test_what_was_indexed_is_not_made_again_by_a_training(there_and_back):
    assert there_and_back.reproduced.code == 2
    assert "version 2 was not trained but indexed, with the network of version 1" in there_and_back.reproduced.err


@pytest.mark.thorough
def test_champions_and_challengers_with_and_without_an_index(many, there_and_back):
    """Version 1, which has an index, is in production; 3 has one, too, and is refused at first; 4 has none."""
    exact = ("--set", "candidates.arcface.params.largest_exact=100000")
    refused, in_graph, beside, indexes, both, shown, again = many(
        f"""
do("--set", 'gates."retrieval.search_recall"="> 1"')
do(*{exact!r})
do()
do("compare", "1", "2", "--json")
do("compare", "3", "4")
do("show", "1")
do("reproduce", "3", "--here")
"""
    )

    assert refused.code == 1 and "gate retrieval.search_recall failed" in refused.err
    for done, number in ((in_graph, 4), (beside, 3)):
        assert done.code == 0, done.err
        assert f"many version {number}" in done.out
        assert "against the champion's" in done.out
    assert indexes.code == 0, indexes.err
    figures = json.loads(indexes.out)
    first, second = figures["versions"].values()
    assert first["sha256"] != second["sha256"]
    assert first["metrics"]["accuracy"]["n"] == second["metrics"]["accuracy"]["n"] == figures["rows"] > 50
    assert (both.code, shown.code, again.code) == (0, 0, 0), (both.err, shown.err, again.err)
    assert "Too close to call: " in both.out
    assert "true nearest neighbours" in shown.out
    assert "The same bytes" in again.out
