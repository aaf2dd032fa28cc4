"""Each rule of the contract of images in a case that breaks it, and its sentence."""

from __future__ import annotations

import re
import shutil

import polars as pl
import pytest
from PIL import Image

from switchyard.config.images import ImageContract, NearDuplicates
from switchyard.config.sections import ColumnDistribution, Distribution
from switchyard.data.images.validation import validate
from tests.fixtures.images import encoded, picture, put


@pytest.fixture
def outcome(tmp_path, ingested):
    """Ingests the folder `pets` and validates it."""

    def run(baseline=None, **rules):
        ingested("pets")
        folder = tmp_path / "ingested"
        raw, unreadable = (pl.scan_parquet(folder / f"{part}.parquet") for part in ("raw", "unreadable"))
        return validate(raw, unreadable, ImageContract(**rules), source="pets", baseline=baseline)

    return run


def test_good_images_keep_every_rule(pets, outcome):
    found = outcome(
        formats=("PNG", "JPEG"),
        modes=("RGB",),
        classes=("cats", "dogs"),
        min_width=24,
        max_width=24,
        min_height=16,
        max_height=16,
        min_images=12,
        min_images_per_class=6,
        max_duplicates=0,
        near_duplicates=NearDuplicates(distance=4, max=0),
    )

    assert found.problem == ""
    assert found.report.facts["passed"]
    assert found.report.facts["sentence"] == "pets: 12 images keep all 13 rules of the contract"
    assert found.report.facts["classes"] == {"cats": 6, "dogs": 6}
    assert {check["rule"] for check in found.report.facts["checks"]} >= {"formats", "max_conflicts", "near_duplicates"}


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"formats": ("PNG",)}, "contract.formats: 6 of 12 images are of other formats than PNG (dogs/0.jpg: JPEG; "),
        ({"modes": ("L", "P")}, "contract.modes: 12 of 12 images have other modes than L, P (cats/0.png: RGB; "),
        ({"min_width": 25}, "contract.min_width: 12 of 12 images are narrower than 25 pixels (cats/0.png: 24; "),
        ({"max_width": 23}, "contract.max_width: 12 of 12 images are wider than 23 pixels (cats/0.png: 24; "),
        ({"min_height": 17}, "contract.min_height: 12 of 12 images are lower than 17 pixels (cats/0.png: 16; "),
        ({"max_height": 15}, "contract.max_height: 12 of 12 images are higher than 15 pixels (cats/0.png: 16; "),
        (
            {"classes": ("cats", "birds")},
            "contract.min_images_per_class: 1 class has fewer than 3 images (birds: 0 images); 1 more broken: classes",
        ),
        ({"classes": ("dogs",)}, "contract.classes: 6 of 12 images are of classes that are none of dogs (cats/0.png: "),
        ({"min_images": 13}, "contract.min_images: there are 12 images, and at least 13 are asked for"),
    ],
)
def test_a_broken_rule_names_the_images(pets, outcome, rules, sentence):
    found = outcome(**rules)

    assert found.problem.startswith(f"pets: {sentence}")
    assert found.problem.endswith("; nothing was trained")
    assert not found.report.facts["passed"]
    assert "breaks its contract" in found.report.html
    assert found.profile == {}


def test_a_class_with_one_image_is_named(pets, outcome):
    put(pets / "birds" / "0.png", encoded(picture(60)))

    assert "contract.min_images_per_class: 1 class has fewer than 3 images (birds: 1 image)" in outcome().problem


def test_unreadable_files_are_named_with_their_reason(pets, outcome):
    put(pets / "cats" / "notes.png", b"These are my notes.")

    problem = outcome().problem
    assert "contract.max_unreadable: 1 file cannot be read, and at most 0 may (cats/notes.png is no image of" in problem
    accepted = outcome(max_unreadable=1)
    assert accepted.problem == ""
    assert accepted.report.facts["unreadable"] == 1


def test_copies_are_counted(pets, outcome):
    shutil.copy(pets / "cats" / "0.png", pets / "cats" / "copy.png")

    assert outcome(max_duplicates=1).problem == ""
    assert (
        "contract.max_duplicates: 1 of 13 images repeats another one byte for byte, and at most 0 may "
        "(cats/copy.png is cats/0.png)"
    ) in outcome(max_duplicates=0).problem


def test_one_image_in_two_classes_is_a_conflict(pets, outcome):
    shutil.copy(pets / "cats" / "0.png", pets / "dogs" / "copy.png")

    assert (
        "contract.max_conflicts: 1 of 13 images is in several classes, and at most 0 may "
        "(cats/0.png (cats) is dogs/copy.png (dogs))"
    ) in outcome().problem
    assert outcome(max_conflicts=1).problem == ""


def test_images_that_look_the_same_are_counted_in_pairs(pets, outcome):
    image = picture(0)
    put(pets / "cats" / "again.jpg", encoded(image, "JPEG", quality=90))
    put(pets / "cats" / "larger.png", encoded(image.resize((48, 32))))
    shutil.copy(pets / "cats" / "0.png", pets / "cats" / "copy.png")  # the same file, and so no near-duplicate

    near = NearDuplicates(distance=6, max=2)
    problem = outcome(near_duplicates=near).problem
    assert "contract.near_duplicates: 3 pairs of images look the same (perceptual hashes at most 6 bits" in problem
    assert "cats/0.png and cats/" in problem
    assert outcome(near_duplicates=NearDuplicates(distance=6, max=3)).problem == ""


def test_darker_images_have_moved_from_the_last_accepted_ones(pets, tmp_path, outcome):
    accepted = outcome()
    assert accepted.report.facts["baseline"] == "recorded"
    again = outcome(baseline=accepted.profile)
    assert (again.problem, again.report.facts["baseline"]) == ("", "compared")
    measured = {shift["column"] for shift in again.report.facts["distribution"]}
    assert measured >= {"label", "format", "mode", "width", "height", "brightness", "contrast", "red", "green", "blue"}

    for file in pets.rglob("*.png"):
        image = Image.open(file)
        image.load()
        put(file, encoded(image.point(lambda value: value // 4)))
    darker = outcome(baseline=accepted.profile, distribution=Distribution(method="ks", max=0.4))

    assert "pets: brightness shifted: ks 0.417, at most 0.4 is allowed" in darker.problem
    assert "against the last accepted images; nothing was trained" in darker.problem
    assert "raise contract.distribution.columns.brightness.max" in darker.problem
    columns = {name: ColumnDistribution(max=100) for name in measured}
    assert outcome(baseline=accepted.profile, distribution=Distribution(columns=columns)).problem == ""


def test_the_page_is_about_images_and_names_them_by_their_paths(pets, outcome):
    put(pets / "cats" / "cut.png", (pets / "cats" / "0.png").read_bytes()[:50])
    shutil.copy(pets / "cats" / "0.png", pets / "cats" / "copy.png")

    accepted = outcome(max_unreadable=1)
    pages = [
        accepted.report.html,
        outcome(baseline=accepted.profile, max_unreadable=1).report.html,
        outcome(max_width=20, max_duplicates=0).report.html,
    ]

    for page in pages:
        text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
        assert re.findall(r".{0,30}\b(?:rows?|columns?|table|nulls)\b.{0,30}", text) == []
    assert "<td>dogs</td>" in pages[0] and "<td>cats/0.png: 24<br>" in pages[2]
    assert '<td class="number">13</td>' in pages[2]
