"""Versions of image models on the command line: compared, shown, released and made again, an indexed one, too.

`test_images.py` has what takes no training of its own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.end_to_end.conftest import SOURCE
from tests.end_to_end.few_digits import config
from tests.end_to_end.in_one_process import called

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def images(new_project):
    """A project with few digits, and nothing trained yet."""
    project = new_project()
    table = pl.read_parquet(SOURCE / "data" / "digits.parquet")
    project.few = table.with_columns(nth=pl.int_range(pl.len()).over("label")).filter(pl.col("nth") < 40).drop("nth")
    shuffled = project.few.sample(fraction=1.0, shuffle=True, seed=1)  # so that another image is dealt to each part
    shuffled.write_parquet(project.root / "data" / "all.parquet")
    return project


def write(project, use_case, task, candidate, **changes):
    quick = {"type": candidate, "params": {"epochs": 1, "width": 2, "batch_size": 64}}
    contract = {"min_images": 300, "distribution": {"max": 100}}
    given = {"data": {"uri": f"data/{use_case}.parquet"}, "contract": contract, "candidates": {candidate: quick}}
    made = config(use_case, task, candidate, **given, **changes)
    (project.root / "configs" / f"{use_case}.yaml").write_text(yaml.safe_dump(made, sort_keys=False))
    project.few.write_parquet(project.root / "data" / f"{use_case}.parquet")


def test_versions_of_a_retrieval_and_those_that_were_indexed(images):
    """Version 1 was trained on nine digits, version 2 is its network with ten in the gallery, version 3 with eight."""
    write(images, "near", "image_retrieval", "arcface", champion={"too_close": "promote"})
    for digits in (8, 9):
        few = images.few.filter(pl.col("label").cast(pl.Int64) < digits)
        few.write_parquet(images.root / "data" / f"{digits}.parquet")

    trained, index, first, second, compare, fresh, show, same, chained, third, again, *rest = called(
        images,
        """
import shutil
take = lambda name: shutil.copy(f"data/{name}.parquet", "data/near.parquet")
take("9")
do("--stack", "local", "--config", "near")
take("all")
do("index", "--config", "near")
learned("near", 1, 2)
learned("near", 2, 2)
do("compare", "1", "2", "--config", "near")
do("compare", "1", "champion", "--config", "near", "--data", "data/near.parquet", "--json")
do("show", "2", "--config", "near")
do("reproduce", "2", "--config", "near", "--here")
take("8")
do("index", "--config", "near")
learned("near", 1, 3)
do("reproduce", "3", "--config", "near", "--here")
do("release", "--version", "1", "--config", "near", "--reason", "nine will do")
do("rollback", "--config", "near", "--reason", "nine will not do")
do("retire", "--config", "near", "--reason", "enough")
do("history", "--config", "near")
from steps.registry.versions import load_version
import os
from zenml.client import Client
os.unlink(Client().get_model_version("near", "2").get_artifact("near_arcface").uri + "/model.onnx")
do("reproduce", "3", "--config", "near", "--here")
""",
    )

    *released, lost = rest
    for each in (trained, index, compare, fresh, show, same, chained, again, *released):
        assert (each.code, each.err) == (0, ""), each
    assert "train_arcface" not in chained.out
    assert (second.train, second.validation, second.test) == (second.all, 0, 0)  # images of the gallery find themselves
    assert (first.train, first.validation, first.test) == (216, 0, 0)
    assert second.all > 300
    assert (third.validation, third.test) == (0, 0) and third.train > 100

    head, *lines = compare.out.splitlines()
    assert re.fullmatch(r"near on \d+ test images of data/near.parquet, \d+ left out that either was trained on", head)
    told = "\n".join(lines)
    assert re.search(r"gallery +\d+ images of 9 classes +\d+ images of 10 classes", told)
    assert re.search(r"sees +14 × 14 pixels, grey +14 × 14 pixels, grey", told)
    assert "one image, p50, ms" in told
    assert (
        "note: version 1: 8 images are of classes that the gallery does not have, and count in the open set only"
        in told
    )
    figures = json.loads(fresh.out)
    assert (figures["unit"], figures["rows"] + figures["left_out"]) == ("image", 400)
    assert figures["left_out"] == second.all

    state, report, *card = show.out.splitlines()
    assert state == "near version 2, in production"
    page = Path(report.removeprefix("report: ")).read_text()
    assert "Retrieval on test images" in page and "Version 2: promoted." in page
    assert 'version 1 <span class="muted">which was indexed anew</span>' in page
    assert "| gallery | indexed anew, on the network of version 1 |" in card

    assert "version 2, candidate arcface, the network of version 1 with another gallery" in same.out
    assert "version 3, candidate arcface, the network of version 2 with another gallery" in again.out
    assert "\nThe same bytes: SHA-256 " in same.out and "\nThe same bytes: SHA-256 " in again.out
    assert lost.code == 1 and len(lost.err.splitlines()) == 1
    assert "the ONNX file of near version 2 cannot be read" in lost.err

    release, rollback, retire, history = released
    assert "near version 1 is in production" in release.out
    assert "near version 3 is in production" in rollback.out
    assert "its endpoint has stopped" in retire.out
    assert history.out.count("indexing, replaced version") == 2
    reasons = [history.out.index(reason) for reason in ("nine will do", "nine will not do", "enough")]
    assert reasons == sorted(reasons)


def test_versions_of_a_classifier_with_other_seeds_and_of_other_bytes(images):
    perturbed = {"rotation": [5, 15], "noise": 0.05}
    write(images, "few", "image_classification", "cnn", evaluation={"seeds": 1, "robustness": perturbed})
    gate = 'gates."robustness.rotation.milder.5.loss"=<= 1'

    trained, other, compare, show, same, apart = called(
        images,
        f"""
do("--stack", "local", "--config", "few", "--set", {gate!r})
do("--config", "few", "--set", "candidates.cnn.params.width=3")
do("compare", "1", "2", "--config", "few")
do("show", "1", "--config", "few")
do("reproduce", "1", "--config", "few", "--here")
from pathlib import Path
file = Path("switchyard/training/images/settings.py")
text = file.read_text()
file.write_text(text.replace("default=0.004", "default=0.02"))
do("reproduce", "1", "--config", "few", "--here")
file.write_text(text)
""",
    )

    for each in (trained, other, compare, show, same):
        assert (each.code, each.err) == (0, ""), each
    assert "train_cnn seed 1 epoch 1" in trained.out
    assert re.search(r"few on \d+ test images of data/few.parquet", compare.out)
    assert re.search(r"classes +10 +10", compare.out)
    assert "Trained with the seeds 0, 1: accuracy" in show.out
    assert show.out.index("| rotation 5 |") < show.out.index("| rotation 15 |")
    assert "The same bytes" in same.out
    assert apart.code == 1, apart
    assert "first difference: params.learning_rate 0.02 instead of 0.004" in apart.out
    assert re.search(r"answers to \d+ test images differ by up to 0\.", apart.out)
