"""The training pipeline as a plain script: the same functions of `switchyard/` on the same data in the same order.

python plain_titanic.py FOLDER PORT: models, reports and the endpoint's repository go into FOLDER. No orchestrator,
no tracker, no registry, no cache, no lineage; candidates in the order in which ZenML runs them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from marks import mark

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def main(folder: Path, port: int) -> None:
    """From the CSV to an endpoint that has answered for the golden rows."""
    from switchyard.config.loading import load
    from switchyard.config.server_options import ServerOptions
    from switchyard.data.tables.source import inspect, look
    from switchyard.data.tables.split_check import check_split

    config = load(ROOT / "configs" / "titanic.yaml", ())
    source = inspect(config.data, config.contract, config.task, root=ROOT, features=config.features)
    check_split(source, config)
    mark("before the first step")

    from switchyard.data.dataset import Dataset
    from switchyard.data.tables.ingest import ingest

    work = TemporaryDirectory(prefix="bench-plain-")
    ingest(look(config.data, ROOT), config.data, Path(work.name))
    raw = Dataset(root=work.name, parts=("raw",), owner=work)
    mark("ingest")

    from switchyard.data.tables.validation import validate

    kept = folder / "baseline.json"
    baseline = json.loads(kept.read_text()) if kept.exists() else None
    outcome = validate(
        raw.scan("raw"), config.contract, source=config.data.uri, target=config.data.target, baseline=baseline
    )
    if outcome.problem:
        raise SystemExit(outcome.problem)
    kept.write_text(json.dumps(outcome.profile))
    (folder / "validation.html").write_text(outcome.report.html)
    mark("validate")

    from switchyard.data.casting import cast
    from switchyard.data.tables.split import split

    table = cast(raw.scan("raw"), config.contract)
    splits = split(table, config.split, config.data, config.task, config.seed, Path(work.name))
    mark("preprocess")

    from switchyard.tasks.recipes import Recipes

    models, recipes = [], Recipes.of(config)
    for name in sorted(config.candidates):
        from switchyard.training.tables.train import train

        recipe = recipes.train[name].replaced(seeds=0)
        trained = train(recipe, splits.scan("train"), splits.scan("validation"))
        (folder / f"{name}.onnx").write_bytes(trained.model.content)
        models.append(replace(trained.model, metadata={**trained.model.metadata, "search": trained.history}))
        mark(f"train_{name}")

    from switchyard.evaluation.gates.judge import judge
    from switchyard.evaluation.report.page import to_html
    from switchyard.evaluation.tables.evaluate import evaluate

    origin = {"uri": config.data.uri, "fingerprint": source.fingerprint}
    evaluation = evaluate(models, splits.scan("validation"), splits.scan("test"), recipes.evaluate, source=origin)
    results = judge(config.gates, evaluation.report)
    facts = {**evaluation.report, "best": evaluation.best, "gates": [asdict(result) for result in results]}
    (folder / "evaluation.html").write_text(to_html(facts, results))
    mark("evaluate")

    if not all(result.passed for result in results):
        raise SystemExit("a gate failed")

    from switchyard.serving.local.deploy import deploy
    from switchyard.serving.rollout.golden import golden_rows

    best = next(model for model in models if model.metadata["candidate"] == evaluation.best)
    golden = golden_rows(best, splits.scan("test").collect(), config.deployment.golden_rows)
    deployed = deploy(
        ServerOptions(root=folder / "repository", port=port),
        replace(best, metadata={**best.metadata, "name": "titanic"}),
        golden,
        version=1,
    )
    mark("deploy")
    print(deployed.url)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
