"""What `--dry-run` prints."""

from __future__ import annotations

import io

from rich.console import Console

from runs.plan import print_plan
from runs.preflight import preflight
from switchyard.project import ROOT


def plan(name, stack, *overrides):
    config, source = preflight(ROOT / "configs" / f"{name}.yaml", overrides)
    console = Console(file=io.StringIO(), width=160)
    print_plan(console, config, source, stack)
    return console.file.getvalue()


def test_the_plan_names_data_candidates_gates_endpoint_and_stack():
    text = plan("titanic", {"orchestrator": "local", "artifact_store": "s3"}, "search.trials=3", "search.folds=2")

    assert "orchestrator local, artifact_store s3" in text
    assert "data/titanic.csv (csv, 1,309 rows, " in text
    assert "stratified split, 20% validation, 20% test" in text
    assert "train_logistic" in text
    assert "logistic_regression, 3 trials × 2 folds over C" in text
    assert "roc_auc >= 0.80" in text
    assert "then against the champion, by a paired test at 0.05; too close: keep" in text
    assert "127.0.0.1:8080" in text


def test_a_candidate_with_nothing_to_search_is_tried_once():
    text = plan("titanic", {}, "candidates={logistic: {type: logistic_regression}}", "gates={}")

    assert "1 trials × 5 folds over nothing" in text
    assert "no gates" in text
    assert "as it is active in ZenML" in text


def test_what_looks_like_markup_is_printed_as_it_is(tmp_path):
    folder = tmp_path / "[bold]"
    folder.mkdir()
    (folder / "titanic.csv").write_bytes((ROOT / "data" / "titanic.csv").read_bytes())

    assert f"{folder} (csv" in plan("titanic", {}, f"data.uri={folder}")
