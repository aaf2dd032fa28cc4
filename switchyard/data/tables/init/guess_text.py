"""A guessed use case as the text of a commented YAML file."""

from __future__ import annotations

from collections.abc import Iterator

from switchyard.config.sections import Column, Config, Data, Task
from switchyard.config.task_metrics import metrics_of
from switchyard.data.commented_yaml import CommentedYaml
from switchyard.data.tables.init.first_guess import Guess
from switchyard.data.tables.source import Source
from switchyard.data.yaml_scalars import comment, scalar, sequence, text

_YAML = CommentedYaml(Config)
_CANDIDATES: dict[Task, str] = {
    "classification": """\
  logistic:
    type: logistic_regression
    search:  # the smaller C, the simpler the model
      C: {low: 0.01, high: 100, log: true}
""",
    "regression": """\
  ridge:
    type: ridge
    search:  # the larger alpha, the simpler the model
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
  mlp:  # a small neural network
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
        *_head(use_case, source, found, rows),
        *_data(data, source, found),
        *_contract(found),
        *_split_and_features(found),
        *_candidates(found, rows),
        *_end(found),
    ]
    return "\n".join(parts) + "\n"


def _head(use_case: str, source: Source, found: Guess, rows: int) -> Iterator[str]:
    yield f"# A first guess by `python run.py init` from the {rows:,} rows of {comment(source.shown)}."
    yield "# Read it through, above all the target, the contract and the gates, and correct what you know better."
    yield "# docs/config.md describes every key. Run it with `python run.py --config` and this file's path."
    yield _YAML.key("name", text(use_case))
    yield _YAML.key("task", found.task, f"guessed, since {found.task_reason}")
    yield _YAML.key("seed")
    yield _YAML.key("threads")
    yield ""


def _data(data: Data, source: Source, found: Guess) -> Iterator[str]:
    yield _YAML.section("data")
    yield _YAML.key("data.uri", text(data.uri))
    yield _YAML.key("data.format", source.format)
    if source.format == "csv":
        yield _YAML.key("data.separator", text(data.separator))
        yield _YAML.key("data.nulls", sequence(list(data.nulls)))
    yield _YAML.key("data.target", text(data.target))
    if found.positive is not None:
        yield _YAML.key("data.positive", scalar(found.positive), "guessed")
    roles = (("id", found.id, "no value repeats"), ("time", found.time, "its name"), ("group", found.group, "its name"))
    for role, column, reason in roles:
        if column is None:
            yield _YAML.left_out(f"data.{role}", "COLUMN", "none was found")
        else:
            yield _YAML.key(f"data.{role}", text(column), f"not a feature; guessed, since {reason}")
    yield ""


def _contract(found: Guess) -> Iterator[str]:
    yield _YAML.section("contract")
    yield "  # Each column has a type: string, integer, number, boolean or datetime. nullable: values may be missing;"
    yield "  # min, max: guessed, with a quarter of the range seen to spare; allowed: the only values that may occur;"
    yield "  # unique: no value may occur twice; pattern: a regular expression that must match the whole value."
    yield "  columns:"
    for name, (column, note) in found.columns.items():
        yield f"    {text(name)}: {_rules(column)}" + (f"  # {comment(note)}" if note else "")
    for name, reason in found.left_out.items():
        yield f"    # {text(name)} is left out: it {reason}"
    yield _YAML.section("contract.table")
    yield _YAML.key("contract.table.min_rows", str(found.min_rows), "guessed: half of what there is")
    yield _YAML.key("contract.table.max_duplicate_rows", str(found.max_duplicate_rows))
    yield _YAML.section("contract.distribution")
    yield _YAML.key("contract.distribution.method")
    yield _YAML.key("contract.distribution.max")
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
    yield _YAML.section("split")
    yield _YAML.key("split.method", found.split, f"guessed: {found.split_reason}")
    yield _YAML.key("split.validation")
    yield _YAML.key("split.test")
    yield ""
    yield _YAML.section("features")
    yield _YAML.left_out("features.numeric", "[COLUMN]")
    yield _YAML.left_out("features.categorical", "[COLUMN]")
    yield _YAML.key("features.exclude", "" if found.excluded else "[]")
    for name, reason in found.excluded.items():
        yield f"    - {text(name)}  # {reason}"
    yield ""


def _candidates(found: Guess, rows: int) -> Iterator[str]:
    yield _YAML.section("candidates")
    yield "  # Each is tuned, and the best on the validation rows goes on to the gates. A search space is a range or a"
    yield "  # list of choices. log: true searches on a logarithmic scale; integer: true tries whole numbers only."
    is_large = rows > 20_000
    forest = "{n_estimators: 30, max_features: 0.5, max_samples: 0.5}" if is_large else "{n_estimators: 100}"
    mlp = "{epochs: 15, batch_size: 512}" if is_large else "{epochs: 40, batch_size: 128}"
    yield _CANDIDATES[found.task] + _OTHER_CANDIDATES.replace("FOREST", forest).replace("MLP", mlp)
    trials, folds = (4 if is_large else 10), min(found.max_folds, 3 if is_large else 5)
    yield _YAML.section("search")
    yield _YAML.key("search.trials", str(trials))
    yield _YAML.key("search.folds", str(folds))
    yield ""


def _end(found: Guess) -> Iterator[str]:
    yield _YAML.section("metrics")
    yield _YAML.key("metrics.primary", found.gates[0][0], f"or {', '.join(_other_metrics(found))}")
    yield _YAML.key("metrics.bootstrap")
    yield _YAML.key("metrics.confidence")
    yield ""
    yield _YAML.section("gates", "measured on the test rows")
    yield "  # These are starting points: they only ask to beat an answer given without a look at the columns."
    yield "  # Raise them. If one fails, the model is registered but not deployed."
    for metric, asked, reason in found.gates:
        yield f"  {metric}: {text(asked)}  # {reason}"
    yield '  parity: "<= 1e-5"  # how far the exported model may deviate from the trained one'
    yield ""
    yield from _YAML.champion_and_deployment()


def _other_metrics(found: Guess) -> list[str]:
    return [each for each in metrics_of(found.task) if each != found.gates[0][0]]
