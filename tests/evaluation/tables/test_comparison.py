import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from switchyard.config.recipes import TablePromote
from switchyard.config.sections import Champion, Data, Metrics
from switchyard.data.training_rows import TrainingRows
from switchyard.evaluation import comparison_plan
from switchyard.evaluation.tables.comparison import compare, judge
from switchyard.statistics.difference import Difference

DATA = Data(uri="table.csv", target="y")
# Columns x0 to x2 show the same signal: x0 and x1 equally well, x2 better.
OLD, EQUAL, BETTER = (
    [[-1.0, 1.0] if position == column else [0.0, 0.0] for position in range(3)] for column in range(3)
)
SIMULATED = 200
VERDICTS = ("promote", "keep champion", "too close to call")


def table(rng, rows=400, classes=("no", "yes")):
    signal = rng.normal(size=rows)
    x = [signal + rng.normal(size=rows) * noise for noise in (1.0, 1.0, 0.4)]
    columns = {f"x{position}": each.astype(np.float32) for position, each in enumerate(x)}
    label = (signal + rng.logistic(size=rows) * 0.3 > 0).astype(int)
    return pl.DataFrame({**columns, "y": [classes[each] for each in label], "price": signal * 3})


def run(champion, challenger, frame, task="classification", primary="roc_auc", seen=None, data=DATA, **settings):
    seen = TrainingRows(("x0",), np.zeros(0, np.uint64)) if seen is None else seen
    return compare(champion, challenger, frame.lazy(), recipe(task, primary, data, **settings), seen=seen)


def recipe(task="classification", primary="roc_auc", data=DATA, **settings):
    metrics, champion = Metrics(primary=primary), Champion(**settings)
    return TablePromote.model_construct(data=data, task=task, metrics=metrics, champion=champion, seed=1)


@pytest.fixture
def pair(classifier):
    """Champion and challenger by their weights."""
    return lambda *weights: [classifier(each, ["no", "yes"]) for each in weights]


def verdicts(models, seed, alphas=(0.05,), **options):
    """What 200 fresh tables say: the share of each verdict, at each error rate."""
    rng = np.random.default_rng(seed)
    found = [run(*models, table(rng), **options) for _ in range(SIMULATED)]
    judged = [[judge(each.difference, each.metric, alpha) for each in found] for alpha in alphas]
    return [{verdict: each.count(verdict) / SIMULATED for verdict in VERDICTS} for each in judged]


def about(share):
    """Within three standard errors of a share of 200."""
    return pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / SIMULATED))


@pytest.fixture
def quick(monkeypatch):
    """A quarter of the resamples: 200 tables are enough to average over."""
    monkeypatch.setattr(comparison_plan, "RESAMPLES", 500)


@pytest.mark.parametrize(
    ("primary", "test"), [("roc_auc", "auto"), ("roc_auc", "bootstrap"), ("accuracy", "auto"), ("log_loss", "auto")]
)
def test_an_equal_challenger_is_too_close_to_call_at_the_configured_error_rate(pair, quick, primary, test):
    rates = (0.05, 0.2)

    found = verdicts(pair(OLD, EQUAL), 11, rates, primary=primary, test=test)

    for alpha, shares in zip(rates, found, strict=True):
        assert shares["too close to call"] == about(1 - alpha)
        assert shares["promote"] == about(alpha / 2)  # the errors go either way
        assert shares["keep champion"] == about(alpha / 2)


@pytest.mark.parametrize("primary", ["roc_auc", "accuracy", "log_loss"])
def test_a_better_challenger_is_promoted_and_a_worse_one_refused(pair, quick, primary):
    (better,) = verdicts(pair(OLD, BETTER), 12, primary=primary)
    (worse,) = verdicts(pair(BETTER, OLD), 14, primary=primary)

    assert better["promote"] >= 0.95 and better["keep champion"] == 0
    assert worse["keep champion"] >= 0.95 and worse["promote"] == 0


@pytest.mark.parametrize("primary", ["rmse", "r2"])
def test_regressions_are_judged_at_the_configured_error_rate(regressor, quick, primary):
    old, equal, better = (regressor([3.0 * (column == i) for i in range(3)]) for column in range(3))
    options = {"task": "regression", "primary": primary, "data": Data(uri="t.csv", target="price")}

    (found,) = verdicts((old, equal), 13, **options)
    assert found["too close to call"] == about(0.95)
    assert verdicts((old, better), 13, **options)[0]["promote"] == 1
    assert verdicts((better, old), 13, **options)[0]["keep champion"] == 1


@pytest.mark.parametrize(
    ("primary", "test"), [("roc_auc", "delong"), ("accuracy", "mcnemar"), ("log_loss", "bootstrap")]
)
def test_each_metric_has_its_test_and_the_figures_are_those_of_the_models(pair, primary, test):
    frame = table(np.random.default_rng(1))
    models = pair(OLD, BETTER)

    found = run(*models, frame, primary=primary)

    assert (found.metric, found.test, found.rows, found.left_out, found.notes) == (primary, test, 400, 0, ())
    score = {"roc_auc": roc_auc_score, "log_loss": log_loss}.get(primary, lambda y, p: np.mean((p > 0.5) == y))
    old, new = (score((frame["y"] == "yes").to_numpy(), each.run(frame)["probabilities"][:, 1]) for each in models)
    assert (found.difference.champion, found.difference.challenger) == pytest.approx((old, new), abs=1e-6)
    assert found.difference.low < new - old < found.difference.high
    assert found.reason.startswith(f"{primary} {new:.4f} against the champion's {old:.4f} on 400 test rows: ")


def test_another_test_can_be_asked_for(pair):
    frame = table(np.random.default_rng(1))

    labels = run(*pair(OLD, BETTER), frame, primary="log_loss", test="mcnemar")
    ranks = run(*pair(OLD, BETTER), frame, primary="log_loss", test="delong")

    assert (labels.metric, labels.test) == ("accuracy", "mcnemar")
    assert (ranks.metric, ranks.test) == ("roc_auc", "delong")


def test_a_verdict_needs_a_p_below_alpha_and_knows_which_way_is_better():
    higher, lower = Difference(0.7, 0.8, 0.01, 0.19, 0.03), Difference(0.8, 0.7, -0.19, -0.01, 0.03)

    assert judge(higher, "roc_auc", 0.05) == judge(lower, "rmse", 0.05) == "promote"
    assert judge(lower, "roc_auc", 0.05) == judge(higher, "log_loss", 0.05) == "keep champion"
    assert judge(higher, "roc_auc", 0.03) == judge(lower, "roc_auc", 0.01) == "too close to call"


def test_each_model_reads_the_columns_that_it_wants(classifier):
    rng = np.random.default_rng(2)
    frame = table(rng).rename({"x0": "old", "x2": "new"})
    weights = [[-1.0, 1.0]]
    champion = classifier(weights, ["no", "yes"])
    # The graph's own input is x0; the table's column is another one.
    champion, challenger = (_reading(champion, name) for name in ("old", "new"))

    found = run(champion, challenger, frame, seen=TrainingRows(("old",), np.zeros(0, np.uint64)))

    assert found.verdict == "promote"
    assert found.rows == 400


def _reading(model, name):
    """The same model, with another name for its only input."""
    import onnx

    proto = onnx.load_model_from_string(model.content)
    proto.graph.input[0].name = proto.graph.node[0].input[0] = name
    metadata = {**model.metadata, "inputs": [{"name": name, "datatype": "FP32"}]}
    return type(model)(proto.SerializeToString(), metadata)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda champion, frame: (champion, frame.drop("x0")), "it reads x0, which today's contract does not have"),
        (
            lambda champion, frame: (champion, frame.with_columns(x1=pl.lit("a"))),
            "it reads x1 as a number, which is text in today's contract",
        ),
        (
            lambda champion, frame: (_with(champion, task="regression"), frame),
            "it is a regression, the challenger a classification",
        ),
        (lambda champion, frame: (_with(champion, target="z"), frame), "it predicts z, the challenger y"),
        (
            lambda champion, frame: (champion, frame.with_columns(x0=pl.lit(float("nan"), pl.Float32))),
            "the champion answers NaN or infinity for some rows",
        ),
        (
            lambda champion, frame: (champion, frame.with_columns(y=pl.lit("yes"))),
            "of the 400 rows fewer than two are of one class",
        ),
    ],
)
def test_what_cannot_be_compared_is_too_close_to_call_and_says_why(pair, change, why):
    champion, challenger = pair(OLD, BETTER)
    champion, frame = change(champion, table(np.random.default_rng(3)))

    found = run(champion, challenger, frame)

    assert found.verdict == "too close to call"
    assert found.reason == f"the champion cannot be compared: {why}"
    assert found.difference is None and found.as_dict()["difference"] == {}


def _with(model, **metadata):
    return type(model)(model.content, {**model.metadata, **metadata})


def test_rows_that_the_champion_was_trained_on_are_left_out(pair):
    frame = table(np.random.default_rng(4))
    # The champion has learned the first 100 rows by heart: there it is always right.
    cheat = pl.Series(np.where(frame["y"] == "yes", 9.0, -9.0).astype(np.float32))
    frame = frame.with_columns(x0=pl.when(pl.int_range(pl.len()) < 100).then(cheat).otherwise("x0"))
    seen = TrainingRows.of(frame[:100].lazy())

    found = run(*pair(OLD, EQUAL), frame, seen=seen)

    assert (found.rows, found.left_out) == (300, 100)
    assert found.notes == ("100 test rows left out that the champion was trained on",)
    assert found.difference == run(*pair(OLD, EQUAL), frame[100:]).difference
    assert found.verdict == "too close to call"
    assert run(*pair(OLD, EQUAL), frame).verdict == "keep champion"  # had they stayed in


def test_too_few_fresh_rows_are_not_compared(pair):
    frame = table(np.random.default_rng(5))
    seen = TrainingRows.of(frame[:380].lazy())

    found = run(*pair(OLD, BETTER), frame, seen=seen)

    assert found.verdict == "too close to call"
    assert found.reason == (
        "too few rows to compare with the champion: 20 test rows after 380 that the champion was trained on were left "
        "out, champion.min_rows is 30"
    )
    assert run(*pair(OLD, BETTER), frame, seen=seen, min_rows=20).difference is not None
    assert run(*pair(OLD, BETTER), frame, seen=TrainingRows.of(frame.lazy())).rows == 0


def test_seen_rows_that_cannot_be_recognised_are_said_so(pair):
    frame = table(np.random.default_rng(6))
    never = compare(*pair(OLD, EQUAL), frame.lazy(), recipe(), seen=None)
    gone = run(*pair(OLD, EQUAL), frame, seen=TrainingRows.of(frame.with_columns(id=pl.int_range(pl.len())).lazy()))

    assert never.notes == ("which rows the champion was trained on is not on record, so none is left out",)
    assert gone.notes == ("rows that the champion was trained on cannot be recognised, since id is no longer there",)
    assert never.rows == gone.rows == 400


def test_rows_without_a_target_are_not_compared(pair):
    frame = table(np.random.default_rng(7))
    holes = frame.with_columns(y=pl.when(pl.int_range(pl.len()) < 50).then(None).otherwise("y"))

    found = run(*pair(OLD, EQUAL), holes)

    assert (found.rows, found.difference) == (350, run(*pair(OLD, EQUAL), frame[50:]).difference)


@pytest.mark.parametrize("primary", ["accuracy", "log_loss", "f1"])
def test_a_class_that_the_champion_never_saw_counts_against_it(classifier, primary):
    frame = table(np.random.default_rng(8)).with_columns(
        y=pl.when(pl.col("x1") > 1).then(pl.lit("maybe")).otherwise("y")
    )
    champion = classifier(OLD, ["no", "yes"])
    challenger = classifier([[0.0, -1.0, 1.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]], ["maybe", "no", "yes"])

    found = run(champion, challenger, frame, primary=primary)

    assert found.verdict == "promote"
    right = champion.run(frame)["label"] == frame["y"].to_numpy()
    if primary == "accuracy":
        assert found.difference.champion == pytest.approx(np.mean(right))


def test_two_labels_that_the_challenger_does_not_know_are_not_the_same_label(classifier):
    frame = table(np.random.default_rng(8)).with_columns(
        y=pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("new")).otherwise("y")
    )
    champion = classifier(OLD, ["former", "yes"])

    found = run(champion, classifier(EQUAL, ["no", "yes"]), frame, primary="accuracy")

    right = champion.run(frame)["label"] == frame["y"].to_numpy()
    assert found.difference.champion == pytest.approx(np.mean(right))


def test_classes_in_another_order_and_of_another_type_are_the_same_classes(classifier):
    frame = table(np.random.default_rng(9), classes=(0, 1))
    champion = classifier(OLD, [0, 1])
    mirrored = classifier([list(reversed(row)) for row in OLD], ["1", "0"], positive="1")

    for primary in ("roc_auc", "accuracy", "log_loss"):
        found = run(champion, mirrored, frame, primary=primary)
        assert found.difference.effect == pytest.approx(0, abs=1e-6)


def test_three_classes_go_by_the_bootstrap_even_if_delong_is_asked_for(classifier):
    rng = np.random.default_rng(10)
    frame = table(rng).with_columns(y=pl.Series(rng.choice(["a", "b", "c"], 400)))
    models = [classifier(rng.normal(size=(3, 3)), ["a", "b", "c"]) for _ in range(2)]

    found = run(*models, frame, test="delong")

    assert (found.metric, found.test) == ("roc_auc", "bootstrap")
    assert found.notes == ("DeLong's test is for two classes, so the bootstrap took its place",)
    assert run(*models, frame).notes == ()
