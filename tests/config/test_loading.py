"""The config loader on the sample files in configs/valid and configs/invalid.

An invalid sample says at its top, in `# expect:` comments, what its error must contain.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from switchyard.config.images import (
    ImageConfig,
    ImageContract,
    ImageData,
    ImageRobustness,
    ImageSplit,
    NearDuplicates,
)
from switchyard.config.loading import load, load_table
from switchyard.config.sections import Champion, Config, Costs, Data, Slices, UseCase
from switchyard.config.server_options import Batching
from switchyard.errors import InputError

SAMPLES = Path(__file__).parents[1] / "configs"
VALID = sorted((SAMPLES / "valid").glob("*.yaml"))
INVALID = sorted((SAMPLES / "invalid").glob("*.yaml"))
OURS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
MINIMAL = SAMPLES / "valid" / "minimal.yaml"
EVERYTHING = SAMPLES / "valid" / "everything.yaml"
EVERY_IMAGE_KEY = SAMPLES / "valid" / "every_image_key.yaml"


def sentence(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load(path, overrides)
    return str(caught.value)


@pytest.mark.parametrize("path", [*VALID, *OURS], ids=lambda path: path.name)
def test_valid_sample_loads(path):
    assert isinstance(load(path), UseCase)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_sample_is_refused_with_its_sentence(path):
    expected = re.findall(r"^# expect: (.*)$", path.read_text(encoding="latin-1"), flags=re.MULTILINE)

    message = sentence(path)

    assert expected, "a sample without an expectation shows nothing"
    for fragment in expected:
        assert fragment in message
    for line in message.splitlines():
        assert line.startswith(str(path))
        assert line.endswith(".")


def test_several_problems_are_a_line_each():
    assert len(sentence(SAMPLES / "invalid" / "several.yaml").splitlines()) == 3


def test_values_are_what_the_file_says():
    config = load(EVERYTHING)

    assert (config.name, config.task, config.seed, config.threads) == ("every-key-2", "regression", 11, 2)
    assert config.data.nulls == ("", "NA")
    assert config.contract.columns["price"].max == 1e6
    assert config.contract.columns["2019"].type == "number"
    assert config.contract.columns["rooms"].allowed == (1, 2)
    assert config.contract.distribution.columns["2019"].max == 0.3
    assert config.features.numeric == ("rooms", "2019")
    assert config.candidates["ridge"].params == {"fit_intercept": True}
    assert config.candidates["ridge"].search["alpha"].low == 1e-3
    assert config.gates["latency_ms.p95"] == "<= 5"
    assert config.champion == Champion(test="bootstrap", alpha=0.01, min_rows=100, too_close="promote", worse="fail")
    assert config.evaluation.slices == Slices(
        columns=("used", "2019"), bins={"rooms": (1.5, 2.0)}, pairs=(("used", "rooms"),), min_rows=5
    )
    assert config.deployment.max_request_mb == 0.5
    assert config.deployment.batching == Batching(max_delay_ms=1.5, max_size=16)


def test_costs_and_sensitive_columns_are_what_the_file_says():
    config = load(SAMPLES / "valid" / "two_classes.yaml")

    assert config.evaluation.costs == Costs(false_positive=2.5, false_negative=10, true_positive=-1, true_negative=0.5)
    assert config.evaluation.sensitive == ("group",)


def test_left_out_keys_have_their_defaults():
    config = load(MINIMAL)

    assert config.data == Data(uri="table.csv", target="label")
    assert (config.split.method, config.split.test) == ("random", 0.2)
    assert (config.champion.test, config.champion.alpha, config.champion.min_rows) == ("auto", 0.05, 30)
    assert (config.champion.too_close, config.champion.worse) == ("keep", "keep")  # production changes for a reason
    assert config.deployment.host == "127.0.0.1"


def test_scalars_are_those_of_yaml_1_2():
    config = load(SAMPLES / "valid" / "yaml_of_today.yaml")

    assert config.data.positive == "no"
    assert config.data.nulls == ("off", "007")
    assert config.contract.columns["code"].allowed == ("007", "12:30", "2026-01-02")
    assert config.candidates["mlp"].search["learning_rate"].low == 0.0001
    assert (config.contract.columns["weight"].nullable, config.contract.columns["weight"].max) == (False, 1000)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.read_bytes())

    assert load(path) == load(MINIMAL)


def test_the_task_chooses_the_sections():
    tables, images = load(EVERYTHING), load(EVERY_IMAGE_KEY)

    assert (type(tables), type(images)) == (Config, ImageConfig)
    assert load_table(EVERYTHING) == tables
    with pytest.raises(InputError, match="task is image_retrieval, but this needs a table"):
        load_table(EVERY_IMAGE_KEY)
    assert "line 4: data.target is missing" in sentence(EVERY_IMAGE_KEY, "task=regression")


def test_values_of_an_image_task_are_what_the_file_says():
    config = load(EVERY_IMAGE_KEY)

    assert isinstance(config, ImageConfig)
    assert config.data == ImageData(
        uri="s3://bucket/labels.csv", format="csv", image="file", label="kind", separator=";", max_pixels=1_000_000
    )
    assert config.contract.near_duplicates == NearDuplicates(distance=5, max=6)
    assert (config.contract.classes, config.contract.max_height) == (("0", "1", "cat"), 65)
    assert config.split == ImageSplit(method="random", validation=0.1, test=0.3, keep_together=None, unseen=("cat",))
    assert (config.image.size, config.image.channels) == ((32, 48), 1)
    assert config.candidates["arcface"].params == {"margin": 0.5, "hidden": (32, 64)}
    assert config.steps["train_arcface"].gpu == 1
    assert ImageConfig.model_validate(config.model_dump(mode="json")) == config
    left_out = ImageContract()
    assert (left_out.min_images_per_class, left_out.max_unreadable, left_out.max_duplicates) == (3, 0, None)


def test_every_key_of_an_image_task_is_set_in_its_sample():
    config = load(EVERY_IMAGE_KEY)

    for section in (config.data, config.contract, config.split, config.image, config.candidates["arcface"]):
        assert section.model_fields_set == set(type(section).model_fields)
    assert config.evaluation.robustness == ImageRobustness(
        rotation=(5, 20), noise=(0.2,), blur=(0.01,), brightness=(0.5,)
    )
    assert config.evaluation.seeds == 2


def test_a_config_survives_the_way_through_json():
    config = load(EVERYTHING)

    assert Config.model_validate(config.model_dump(mode="json")) == config


def test_missing_file_names_the_ones_that_are_there(tmp_path):
    for name in ("titanic.yaml", "diamonds.yaml"):
        shutil.copy(MINIMAL, tmp_path / name)

    message = sentence(tmp_path / "titanik.yaml")

    assert message == (
        f"{tmp_path}/titanik.yaml does not exist; did you mean {tmp_path}/titanic.yaml? "
        f"{tmp_path} has diamonds.yaml, titanic.yaml."
    )


def test_missing_folder_is_named(tmp_path):
    assert f"the folder {tmp_path / 'no'} does not exist either" in sentence(tmp_path / "no" / "a.yaml")


def test_missing_file_in_an_empty_folder(tmp_path):
    assert "has no YAML file" in sentence(tmp_path / "a.yaml")


def test_folder_instead_of_a_file():
    assert f"{SAMPLES / 'valid'} is a folder; name a file in it: {SAMPLES / 'valid'} has ev" in sentence(
        SAMPLES / "valid"
    )


def test_file_of_zero_bytes(tmp_path):
    path = tmp_path / "zero.yaml"
    path.touch()

    assert sentence(path).startswith(f"{path} is empty")


def test_unreadable_file(tmp_path):
    path = tmp_path / ("a" * 300 + ".yaml")

    assert sentence(path).startswith(f"{path} cannot be read: File name too long")


@pytest.mark.parametrize("depth", [300, 3000])
def test_a_deep_nest_is_an_error_and_no_crash(tmp_path, depth):
    path = tmp_path / "deep.yaml"
    path.write_text("name: " + "[" * depth + "]" * depth)

    assert "is nested too deeply to be read" in sentence(path)


@pytest.mark.parametrize(
    ("override", "read", "value"),
    [
        ("search.trials=3", lambda c: c.search.trials, 3),
        ("data.uri=other.csv", lambda c: c.data.uri, "other.csv"),
        ("data.uri=s3://b/k?x=1", lambda c: c.data.uri, "s3://b/k?x=1"),
        ('data.nulls=["", NA]', lambda c: c.data.nulls, ("", "NA")),
        ("split={method: random, test: 0.4}", lambda c: c.split.test, 0.4),
        ("split.test=1e-1", lambda c: c.split.test, 0.1),
        ("gates.roc_auc=>= 0.7", lambda c: c.gates, {"roc_auc": ">= 0.7"}),
        ("gates.roc_auc='>= 0.7'", lambda c: c.gates, {"roc_auc": ">= 0.7"}),
        ("data.target='x'", lambda c: c.data.target, "x"),
        ("data.uri=2026", lambda c: c.data.uri, "2026"),
        ("gates.latency_ms.p95=<= 3", lambda c: c.gates, {"latency_ms.p95": "<= 3"}),
        ('gates."latency_ms.p95"=<= 3', lambda c: c.gates, {"latency_ms.p95": "<= 3"}),
        ("gates.'latency_ms.p95'=<= 3", lambda c: c.gates, {"latency_ms.p95": "<= 3"}),
        ("candidates.logistic.params.C=2", lambda c: c.candidates["logistic"].params, {"C": 2}),
        ("contract.columns.x.max=9", lambda c: c.contract.columns["x"].max, 9),
        ("candidates.second.type=mlp", lambda c: c.candidates["second"].type, "mlp"),
        ("data.positive=null", lambda c: c.data.positive, None),
    ],
)
def test_override_sets_its_key(override, read, value):
    assert read(load(MINIMAL, [override])) == value


def test_override_finds_a_name_that_holds_a_dot():
    assert load(EVERYTHING, ["gates.latency_ms.p95=<= 3"]).gates == {"rmse": "<= 100", "latency_ms.p95": "<= 3"}


def test_override_finds_a_column_whose_name_holds_a_dot(tmp_path):
    path = tmp_path / "dots.yaml"
    path.write_text(MINIMAL.read_text().replace("    x:", "    a.b:"))

    assert load(path, ["contract.columns.a.b.max=9"]).contract.columns["a.b"].max == 9


def test_the_last_override_wins_and_the_others_stay():
    config = load(MINIMAL, ["search.trials=3", "search.trials=4", "seed=5"])

    assert (config.search.trials, config.seed) == (4, 5)


@pytest.mark.parametrize(
    ("override", "fragment"),
    [
        ("search.trials", "--set search.trials is not of the form key.path=value"),
        ("=3", "--set =3 is not of the form key.path=value"),
        ("search..trials=3", "--set search..trials=3 is not of the form key.path=value"),
        ("serch.trials=3", "--set serch.trials=3: the config has no key serch; did you mean search?"),
        ("search.trails=3", "--set search.trails=3: search has no key trails; did you mean trials? allowed are trials"),
        ("name.first=a", "--set name.first=a: name is a name of lower-case letters"),
        ("data.nulls.0=a", "--set data.nulls.0=a: data.nulls is a list of texts, so it has no key 0 below it"),
        ("data.nulls=[", "the value of --set data.nulls=[ is not valid YAML"),
        ("seed=a", "minimal.yaml, --set seed=a: seed is 'a', but must be a whole number of at least 0"),
        ("split={method: grp}", "--set split={method: grp}: split.method is 'grp', but must be one of random"),
        ("data.target=y", "minimal.yaml, --set data.target=y: data.target is 'y', which is not a column"),
    ],
)
def test_wrong_override_is_named(override, fragment):
    assert fragment in sentence(MINIMAL, override)


def test_override_below_a_value_that_is_no_mapping(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(MINIMAL.read_text() + "search: 3\n")

    assert "--set search.trials=1: search is 3 in the file, not a mapping" in sentence(path, "search.trials=1")


def test_loading_imports_nothing_slow():
    code = (
        "import sys; from pathlib import Path; from switchyard.config.loading import load; load(Path(sys.argv[1]));"
        "print(*{'polars', 'numpy', 'torch', 'sklearn', 'zenml', 'mlflow'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code, OURS[0]], capture_output=True, text=True, check=True)

    assert result.stdout.split() == []
