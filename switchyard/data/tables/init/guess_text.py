"""A guessed use case as the text of a commented YAML file."""

from __future__ import annotations

from collections.abc import Iterator

from switchyard.config.sections import Column, Data, Task
from switchyard.data.tables.init.first_guess import Guess
from switchyard.data.tables.source import Source
from switchyard.data.yaml_scalars import comment, scalar, sequence, text

_CANDIDATES: dict[Task, str] = {
    "classification": """\
  logistic:
    type: logistic_regression
    search:                       # the smaller C, the simpler the model
      C: {low: 0.01, high: 100, log: true}
""",
    "regression": """\
  ridge:
    type: ridge
    search:                       # the larger alpha, the simpler the model
      alpha: {low: 0.01, high: 1000, log: true}
""",
}
_OTHER_CANDIDATES = """\
  forest:
    type: random_forest
    params: FOREST  # fixed; more trees are slower and a little better
    search:
      max_depth: {low: 3, high: 14, integer: true}
      min_samples_leaf: {low: 1, high: 20, integer: true}
  boosting:
    type: hist_gradient_boosting
    search:
      learning_rate: {low: 0.02, high: 0.3, log: true}
      max_leaf_nodes: {low: 4, high: 48, integer: true}
  mlp:                            # a small neural network
    type: mlp
    params: MLP  # fixed; more epochs are slower and may fit better
    search:
      hidden: {choices: [16, 32, 64]}
      learning_rate: {low: 0.001, high: 0.03, log: true}
"""


def render(use_case: str, data: Data, source: Source, found: Guess, rows: int) -> str:
    """The whole file.

    Args:
        use_case: Its name.
        data: Target, separator and nulls as found.
        source: For the URI, the format and the number of files.
        found: What was decided.
        rows: Of the table.
    """
    parts = [
        _head(use_case, source, found, rows),
        *_data(data, source, found),
        *_contract(found),
        *_split_and_features(found),
        *_candidates(found, rows),
        *_end(found),
    ]
    return "\n".join(parts) + "\n"


def _head(use_case: str, source: Source, found: Guess, rows: int) -> str:
    return f"""\
# A first guess by `python run.py init` from the {rows:,} rows of {comment(source.shown)}.
# Read it through, above all the target, the contract and the gates, and change what you know better.
# Run it with `python run.py --config` and this file's path.
name: {text(use_case)}  # names the runs, the model and the endpoint: small letters, digits, hyphens
task: {found.task}  # classification or regression; guessed, since {found.task_reason}
seed: 0  # the same seed, data and code give the same model
threads: 1  # of each learner; another number may give slightly other models
"""


def _data(data: Data, source: Source, found: Guess) -> Iterator[str]:
    yield "data:  # where the table is and what its columns are for"
    yield f"  uri: {text(data.uri)}  # a file, a folder or a glob; a path, s3:// or https://"
    yield f"  format: {source.format}  # csv, parquet, or auto: by the file's name"
    if source.format == "csv":
        yield f"  separator: {text(data.separator)}  # between the fields of a row"
        yield f"  nulls: {sequence(list(data.nulls))}  # what a field holds when its value is missing"
    yield f"  target: {text(data.target)}  # the column to predict"
    if found.positive is not None:
        yield f"  positive: {scalar(found.positive)}  # the class that ROC AUC, PR AUC and F1 are about; guessed"
    yield from _roles(found)
    yield ""


def _roles(found: Guess) -> Iterator[str]:
    if found.id is not None:
        yield f"  id: {text(found.id)}  # names a row and is no feature; guessed, since no value repeats"
    else:
        yield "  # id: COLUMN  # a column that names a row and is no feature; none was found"
    if found.time is not None:
        yield f"  time: {text(found.time)}  # when a row came about; no feature; guessed from its name"
    else:
        yield "  # time: COLUMN  # when a row came about, for split.method: time; none was found"
    if found.group is not None:
        yield f"  group: {text(found.group)}  # rows that belong together; no feature; guessed from its name"
    else:
        yield "  # group: COLUMN  # rows that belong together, for split.method: group; none was found"


def _contract(found: Guess) -> Iterator[str]:
    yield "contract:  # what the data must look like, now and later; if not, the run stops before training"
    yield "  # type: string, integer, number, boolean or datetime (ISO 8601); nullable: whether values may be missing;"
    yield "  # min, max: guessed with a quarter of the seen range to spare; allowed: no other value may occur;"
    yield "  # unique: no value may occur twice; pattern: a regular expression that all values match."
    yield "  columns:"
    for name, (column, note) in found.columns.items():
        yield f"    {text(name)}: {_rules(column)}" + (f"  # {comment(note)}" if note else "")
    for name, reason in found.left_out.items():
        yield f"    # {text(name)} is left out: it {reason}"
    yield "  table:"
    yield f"    min_rows: {found.min_rows}  # fewer mean that something went wrong; guessed: half of what there is"
    yield f"    max_duplicate_rows: {found.max_duplicate_rows}  # rows that repeat another one in every column"
    yield "  distribution:  # how far a column may move from the last accepted data"
    yield "    method: psi  # psi (population stability index) or ks (Kolmogorov-Smirnov)"
    yield "    max: 0.25  # a PSI above 0.25 is commonly called a large shift"
    yield ""


def _rules(column: Column) -> str:
    rules = [f"type: {column.type}"]
    if column.nullable:
        rules.append("nullable: true")
    if column.unique:
        rules.append("unique: true")
    rules += [
        f"{key}: {scalar(bound)}" for key, bound in (("min", column.min), ("max", column.max)) if bound is not None
    ]
    if column.allowed is not None:
        rules.append(f"allowed: {sequence(column.allowed)}")
    return "{" + ", ".join(rules) + "}"


def _split_and_features(found: Guess) -> Iterator[str]:
    yield f"split:  # {found.split_reason}"
    yield f"  method: {found.split}  # random, stratified (by class), group (by data.group) or time (by data.time)"
    yield "  validation: 0.2  # the share of rows that decides between the candidates"
    yield "  test: 0.2  # the share that is looked at once, by the gates"
    yield ""
    yield "features:  # without names: numbers and booleans as numeric, text as categories; datetimes are left out"
    yield "  # numeric: [COLUMN]  # only these as numbers"
    yield "  # categorical: [COLUMN]  # only these as categories"
    if not found.excluded:
        yield "  exclude: []  # columns of the contract that the model shall not see"
    else:
        yield "  exclude:  # columns of the contract that the model does not see"
        for name, reason in found.excluded.items():
            yield f"    - {text(name)}  # {reason}"
    yield ""


def _candidates(found: Guess, rows: int) -> Iterator[str]:
    yield "# Each candidate is tuned, and the best one on the validation rows goes on. A search space is a range"
    yield "# (low, high; log: true tries magnitudes alike; integer: true whole numbers) or a list of choices."
    yield "candidates:"
    is_large = rows > 20_000
    forest = "{n_estimators: 30, max_features: 0.5, max_samples: 0.5}" if is_large else "{n_estimators: 100}"
    mlp = "{epochs: 15, batch_size: 512}" if is_large else "{epochs: 40, batch_size: 128}"
    yield _CANDIDATES[found.task] + _OTHER_CANDIDATES.replace("FOREST", forest).replace("MLP", mlp)
    trials, folds = (4 if is_large else 10), min(found.max_folds, 3 if is_large else 5)
    yield "search:"
    yield f"  trials: {trials}  # hyperparameters tried for each candidate"
    yield f"  folds: {folds}  # of the cross-validation on the training rows; a trial trains as many models"
    yield ""


def _end(found: Guess) -> Iterator[str]:
    yield "metrics:"
    yield f"  primary: {found.gates[0][0]}  # decides between the candidates"
    yield "  bootstrap: 1000  # resamples for the intervals"
    yield "  confidence: 0.95  # of the intervals"
    yield ""
    yield "# What the model must reach on the test rows; if not, nothing is deployed. These are starting points:"
    yield "# they only ask to beat an answer given without a look at the columns. Raise them."
    yield "gates:"
    for metric, asked, reason in found.gates:
        yield f"  {metric}: {text(asked)}  # {reason}"
    yield '  parity: "<= 1e-5"  # how far the exported model may be off the trained one'
    yield ""
    yield "champion:  # how a new model is held against the one in production, on test rows that neither was trained on"
    yield "  test: auto  # by the primary metric: delong for roc_auc, mcnemar for accuracy, bootstrap for any other"
    yield "  alpha: 0.05  # how often two equally good models are told apart"
    yield "  too_close: keep  # the champion, if they cannot be told apart; promote: the new one, by its gates alone"
    yield "  worse: keep  # the champion, and complete the run; fail: end it with exit code 1"
    yield ""
    yield "deployment:  # the endpoint, once all gates have passed"
    yield "  host: 127.0.0.1  # reachable from this machine only"
    yield "  port: 8080  # the next free one is taken if it is in use"
    yield "  golden_rows: 5  # test rows that are asked through the endpoint before it goes live"
