"""A kind of data from outside: short texts, hashed n-grams into a logistic regression, written as one ONNX graph.

`SWITCHYARD_KINDS=texts` makes it known. The data is a CSV file with the columns `text` and `label`; everything is
as small as the program allows, and what it has for tables is used where it fits.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from switchyard.config.recipes import (
    DeployRecipe,
    EvaluateRecipe,
    IndexRecipe,
    IngestRecipe,
    PreprocessRecipe,
    PromoteRecipe,
    TableEvaluate,
    TrainRecipe,
    ValidateRecipe,
)
from switchyard.config.sections import Data, Section, Split, UseCase
from switchyard.config.task_metrics import METRICS, metrics_of
from switchyard.data.dataset import Dataset
from switchyard.data.validation import Outcome
from switchyard.errors import InputError
from switchyard.evaluation.gate_names import ESTIMATE, Place
from switchyard.evaluation.tables.evaluate import evaluate as evaluate_models
from switchyard.model.environment import versions
from switchyard.model.onnx_model import METADATA_KEY, OnnxModel
from switchyard.report import Report
from switchyard.serving.rollout.golden import golden_rows
from switchyard.tasks.kind import Kind
from switchyard.tasks.registry import register
from switchyard.training.trained import Parity, Trained
from switchyard.training.trained import check as check_parity

BUCKETS = 64
UNIT = "text"
PARTS = ("train", "validation", "test")


class TextData(Section):
    uri: str


class TextContract(Section):
    min_rows: int = 1

    def described(self):
        return "any text"


class TextCandidate(Section):
    type: Literal["hashed_ngrams"]
    params: dict[str, float] = Field(default={})

    def described(self, budget):
        return f"{BUCKETS} buckets"


class TextReporting(Section):
    seeds: int = 0


class TextConfig(UseCase):
    task: Literal["text_classification"]
    data: TextData
    contract: TextContract = TextContract()
    split: Split = Split()
    candidates: dict[str, TextCandidate]
    evaluation: TextReporting = TextReporting()


class TextIngest(Section, IngestRecipe):
    kind: Literal["texts"] = "texts"
    data: TextData


class TextValidate(Section, ValidateRecipe):
    kind: Literal["texts"] = "texts"
    contract: TextContract


class TextPreprocess(Section, PreprocessRecipe):
    ROW_GATES: ClassVar[type[Section]] = Section

    kind: Literal["texts"] = "texts"
    split: Split
    row_gates: None


class TextTrain(Section, TrainRecipe):
    kind: Literal["texts"] = "texts"
    candidate: TextCandidate


class TextIndex(Section, IndexRecipe):
    kind: Literal["texts"] = "texts"


class TextEvaluate(Section, EvaluateRecipe):
    kind: Literal["texts"] = "texts"


class TextPromote(Section, PromoteRecipe):
    kind: Literal["texts"] = "texts"


class TextDeploy(Section, DeployRecipe):
    kind: Literal["texts"] = "texts"


@dataclass(frozen=True)
class TextSource:
    uri: str
    rows: int
    fingerprint: str
    columns: tuple[str, ...] = ("text", "label")

    def described(self):
        return f"{self.rows} texts"


def look(data, root):
    path = root / data.uri
    if not path.is_file():
        raise InputError(f"{data.uri} is not a file")
    return TextSource(data.uri, pl.read_csv(path).height, hashlib.sha256(path.read_bytes()).hexdigest())


def inspect(config, root, split):
    return look(config.data, root)


def ingest(recipe, root, folder):
    pl.read_csv(root / recipe.data.uri).write_parquet(folder / "raw.parquet")
    source = look(recipe.data, root)
    return Dataset(str(folder), ("raw",)), {"rows": source.rows, "fingerprint": source.fingerprint}


def validate(raw, recipe, baseline):
    rows = raw.scan("raw").collect().height
    problem = "" if rows >= recipe.contract.min_rows else f"{recipe.uri} has only {rows} texts"
    facts = {"rows": rows, "columns": [], "checks": [], "unchecked": [], "passed": not problem, "sentence": problem}
    return Outcome(Report(facts, f"<p>{rows} texts</p>"), {"rows": rows}, problem)


def preprocess(raw, recipe, folder, learned=None):
    folder.mkdir(parents=True, exist_ok=True)
    rows = raw.scan("raw").collect()
    part = np.resize([0, 0, 0, 1, 2], rows.height)
    for number, name in enumerate(PARTS):
        rows.filter(pl.Series(part == number)).write_parquet(folder / f"{name}.parquet")
    return Dataset(str(folder), PARTS)


def typed(raw, recipe):
    return raw.scan("raw")


def widened(contract, recorded, source):
    return contract


def recognised_by(rows):
    return rows


def check_candidates(config):
    pass


def check_gpus(wanted):
    pass


def index(model, splits):
    raise InputError("texts have no gallery")


def hashed(word):
    return zlib.crc32(word.encode()) % BUCKETS


def train(splits, recipe, progress):
    from sklearn.linear_model import LogisticRegression

    rows = splits.scan("train").collect()
    vocabulary = sorted({word for text in rows["text"] for word in text.split(" ")})
    counts = np.zeros((rows.height, BUCKETS))
    for row, text in enumerate(rows["text"]):
        for word in text.split(" "):
            counts[row, hashed(word)] += 1
    fitted = LogisticRegression(**recipe.candidate.params, random_state=recipe.seed).fit(counts, rows["label"])
    metadata = {
        "name": recipe.name,
        "candidate": recipe.name,
        "type": recipe.candidate.type,
        "task": "text_classification",
        "target": "label",
        "classes": list(fitted.classes_),
        "positive": fitted.classes_[1],
        "inputs": [{"name": "text", "datatype": "BYTES"}],
        "params": recipe.candidate.params,
    }
    content = graph(vocabulary, fitted, metadata)
    about = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "versions": versions()}
    about |= {"rows": {"train": rows.height}, "seed": recipe.seed, "threads": recipe.threads}
    model = OnnxModel(content, metadata | about)
    found = model.run(rows)
    apart = np.abs(found["probabilities"] - fitted.predict_proba(counts)).max()
    same = bool((found["label"] == fitted.predict(counts)).all())
    parity = Parity(float(apart), same, 0, rows.height, 0, None)
    check_parity(parity, recipe.name)
    model.metadata["parity"] = parity.as_dict()
    model.metadata["cv"] = None
    return Trained(model, [])


def graph(vocabulary, fitted, metadata):
    """Words to counts of their buckets, to the probabilities of two classes."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.vstack([-fitted.coef_[0], fitted.coef_[0]]).T / 2
    constants = {
        "flat": np.array([-1], np.int64),
        "weights": weights.astype(np.float32),
        "bias": (np.array([-1, 1]) * fitted.intercept_[0] / 2).astype(np.float32),
    }
    classes = helper.make_tensor("classes", TensorProto.STRING, [2], [each.encode() for each in fitted.classes_])
    counting = {"mode": "TF", "min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0, "ngram_counts": [0]}
    buckets = [hashed(word) for word in vocabulary] + [BUCKETS - 1]
    words = [*vocabulary, "\0"]  # the last makes the answer as wide as there are buckets
    nodes = [
        helper.make_node("Reshape", ["text", "flat"], ["texts"]),
        helper.make_node("StringSplit", ["texts"], ["words", "lengths"], delimiter=" "),
        helper.make_node(
            "TfIdfVectorizer", ["words"], ["counts"], ngram_indexes=buckets, pool_strings=words, **counting
        ),
        helper.make_node("Gemm", ["counts", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["scores"], ["best"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "best"], ["label"]),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "texts",
            [helper.make_tensor_value_info("text", TensorProto.STRING, ["N", 1])],
            [
                helper.make_tensor_value_info("label", TensorProto.STRING, ["N"]),
                helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
            ],
            [classes, *(numpy_helper.from_array(array, name) for name, array in constants.items())],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    helper.set_model_props(model, {METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    return model.SerializeToString(deterministic=True)


def evaluate(models, splits, recipe, source):
    as_table = TableEvaluate.model_construct(
        data=Data(uri=recipe.uri, target="label"), task="classification", metrics=recipe.metrics, seed=recipe.seed
    )
    return evaluate_models(models, splits.scan("validation"), splits.scan("test"), as_table, source=source)


def compare(champion, challenger, test, recipe, seen):
    raise NotImplementedError


def side_by_side(first, second, rows, recipe):
    raise NotImplementedError


def places(config):
    return Place(below=dict.fromkeys(metrics_of("classification"), ESTIMATE))


def needs_data(name):
    return False


def check(splits, recipe):
    pass


def golden(model, test, recipe):
    return golden_rows(model, test.collect(), recipe.deployment.golden_rows)


class Texts(Kind):
    name = "texts"
    tasks = ("text_classification",)
    more_code = (Path(__file__),)

    def data(self):
        return sys.modules[__name__]

    training = evaluation = gates = serving = data


METRICS["text_classification"] = METRICS["classification"]
register(Texts())
