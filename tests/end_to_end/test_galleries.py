"""Retrieval through the whole pipeline, on the local stack: a gallery in the graph, and one that is too large for it.

With 400 of the demo's digits and two epochs. The commands are called one after the other in one process, since to start
each in one of its own takes far longer than what it does.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import polars as pl
import pytest
import yaml

from switchyard.model.decoding import decode
from tests.end_to_end import few_digits, in_one_process
from tests.end_to_end.conftest import SOURCE
from tests.end_to_end.few_digits import DIGITS

PRELUDE = """
import shutil, urllib.request
import polars as pl
PORTS = {ports}
LATER = pl.read_parquet("data/later.parquet")["image"].to_list()[::8]

def of(name, *arguments):
    do(*arguments, "--config", name)

def post(name, path, body, kind):
    url = f"http://127.0.0.1:{{PORTS[name]}}/v2/models/{{name}}/{{path}}"
    request = urllib.request.Request(url, body, {{"Content-Type": kind}})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())

def look(name, images=LATER):
    answers = [post(name, "predict-image", each, "image/png") for each in images]
    print(json.dumps({{"files": answers}}), flush=True)
"""


def config(name, **params):
    return few_digits.config(
        name,
        "image_retrieval",
        "arcface",
        data={"uri": f"data/{name}.parquet"},
        contract={"formats": ["PNG"], "distribution": {"max": 100}},  # other images are what the tests are about
        candidates={"arcface": {"type": "arcface", "params": {"epochs": 2, "width": 4, "batch_size": 32, **params}}},
        gates={"accuracy": ">= 0.05", "retrieval.search_recall": ">= 0.95"},
        champion={"too_close": "promote"},
    )


@pytest.fixture(scope="module")
def called(new_project):
    """Runs a script in a project with two use cases: `near`, whose gallery fits its graph, and `many`, whose does not.

    What is known at first is in `many.parquet`, and without the digit 9 in `near.parquet`; `later.parquet` has as many
    other images.
    """
    project = new_project()
    table = pl.read_parquet(SOURCE / "data" / "digits.parquet").with_columns(nth=pl.int_range(pl.len()).over("label"))
    many, later = (
        table.filter(pl.col("nth").is_between(first, first + 39)).drop("nth").sort("label", maintain_order=True)
        for first in (0, 40)
    )
    for name, images in {"many": many, "near": many.filter(pl.col("label") != "9"), "later": later}.items():
        images.write_parquet(project.root / "data" / f"{name}.parquet")
    configs = config("near"), config("many", threshold=-1.0, largest_exact=100)
    ports = {each["name"]: each["deployment"]["port"] for each in configs}
    for each in configs:
        (project.root / "configs" / f"{each['name']}.yaml").write_text(yaml.safe_dump(each, sort_keys=False))

    def call(script):
        """What the commands of the script said, as they come."""
        return in_one_process.called(project, PRELUDE.format(ports=ports) + script)

    call.later = later["image"].to_list()[::8]
    return call


@pytest.fixture(scope="module")
def said(called):
    """A class more for `near`; other images for `many`, and back."""
    pixels = [decode(each, 1, (14, 14)) for each in called.later]
    tensor = {"name": "image", "datatype": "UINT8", "shape": [len(pixels), 14, 14, 1]}
    body = {"inputs": [{**tensor, "data": [value for each in pixels for value in each.ravel().tolist()]}]}
    names = ("near", "near_first", "near_indexed", "near_second")
    names += ("trained", "first", "tensors", "by_mlflow", "indexed", "second", "back", "third", "reproduced")
    script = f"""
NINES = pl.read_parquet("data/many.parquet").filter(pl.col("label") == "9")["image"].to_list()
of("near", "--stack", "local")
look("near", NINES)
shutil.copy("data/many.parquet", "data/near.parquet")
of("near", "index")
look("near", NINES)
of("many")
look("many")
print(json.dumps(post("many", "infer", {json.dumps(body).encode()!r}, "application/json")), flush=True)
import mlflow
from zenml.client import Client
mlflow.set_tracking_uri(Client().active_stack.experiment_tracker.get_tracking_uri())
champion = mlflow.pyfunc.load_model("models:/many@champion").predict(pl.DataFrame({{"image": LATER}}).to_pandas())
print(json.dumps({{"answers": {{name: values.tolist() for name, values in champion.items()}}}}), flush=True)
shutil.copy("data/later.parquet", "data/many.parquet")
of("many", "index")
look("many")
of("many", "rollback", "--reason", "to have the old images again")
look("many")
of("many", "reproduce", "2", "--here")
"""
    return SimpleNamespace(**dict(zip(names, called(script), strict=True)))


def test_neighbours_are_answered_with_their_classes(said):
    assert said.near.code == 0, said.near.err
    for answer in said.near_first.files:
        assert len(answer["neighbours"]) == 5
        assert {each["label"] for each in answer["neighbours"]} <= set(DIGITS[:9])


def test_a_class_more_is_indexed_without_a_training(said):
    assert said.near_indexed.code == 0, said.near_indexed.err
    assert "train_arcface" not in said.near_indexed.out and "index    " in said.near_indexed.out
    assert {each["model_version"] for each in said.near_second.files} == {"2"}
    assert "9" in {each["neighbours"][0]["label"] for each in said.near_second.files}


def found_themselves(seen):
    """How many of the later images have themselves as the nearest neighbour."""
    return sum(each["neighbours"][0]["similarity"] > 1 - 1e-6 for each in seen.files)


def test_training_ends_with_an_index_that_is_gated_and_served(said):
    assert said.trained.code == 0, said.trained.err
    assert "retrieval.search_recall" in said.trained.out
    assert {each["model_version"] for each in said.first.files} == {"1"}
    answers = {each["name"]: each for each in said.tensors.outputs}
    assert list(answers) == ["label", "neighbours", "neighbour_labels", "similarity", "embedding"]
    assert answers["neighbours"]["shape"] == [50, 5]
    assert answers["label"]["data"] == [each["label"] for each in said.first.files]
    assert set(answers["label"]["data"]) <= set(DIGITS)


def test_mlflow_answers_as_the_endpoint(said):
    answers = {each["name"]: each["data"] for each in said.tensors.outputs}
    by_mlflow = said.by_mlflow.answers
    assert by_mlflow["label"] == answers["label"]
    assert [row for rows in by_mlflow["neighbours"] for row in rows] == answers["neighbours"]


def test_other_images_of_the_same_number_are_another_version(said):
    assert said.indexed.code == 0, said.indexed.err
    assert {each["model_version"] for each in said.second.files} == {"2"}
    assert found_themselves(said.first) == 0
    assert found_themselves(said.second) > 25  # the share that is in the gallery, not in the test


def test_a_rollback_brings_the_old_images_back(said):
    assert said.back.code == 0, said.back.err
    assert said.third.files == said.first.files


def test_what_was_indexed_is_indexed_again_to_the_same_bytes(said):
    assert said.reproduced.code == 0, said.reproduced.err
    assert "the network of version 1 with another gallery" in said.reproduced.out
    assert "\nThe same bytes: SHA-256 " in said.reproduced.out


@pytest.mark.thorough
def test_champions_and_challengers_with_and_without_an_index(called, said):
    """Version 1, which has an index, is in production; 3 has one, too, and is refused at first; 4 has none."""
    exact = ("--set", "candidates.arcface.params.largest_exact=100000")
    refused, in_graph, beside, indexes, both, shown, again = called(
        f"""
of("many", "--set", 'gates."retrieval.search_recall"="> 1"')
of("many", *{exact!r})
of("many")
of("many", "compare", "1", "2", "--json")
of("many", "compare", "3", "4")
of("many", "show", "1")
of("many", "reproduce", "3", "--here")
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
