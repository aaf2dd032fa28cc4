"""The training pipeline, from a source to an endpoint."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from steps.deploy import deploy
from steps.evaluate import evaluate
from steps.ingest import ingest
from steps.options import step_options
from steps.preprocess import preprocess
from steps.promote import promote
from steps.train import train
from steps.validate import validate
from switchyard.config import Features, Metrics, Reporting
from switchyard.config_images import AnyConfig
from switchyard.tasks.gates import gates_of


@pipeline
def training(config: AnyConfig, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again; empty for a run of another day, which
            reads what is there then.
    """
    data, task, contract, seed = config.data, config.task, config.contract, config.seed
    primary = Metrics(primary=config.metrics.primary)  # the rest is evaluate's, and trains nothing anew
    anew: dict[str, Any] = {} if fingerprint else {"enable_cache": False}
    raw = ingest.with_options(**step_options(config, "ingest"), **anew)(
        data=data, task=task, fingerprint=fingerprint, use_case=config.name
    )
    validate.with_options(**step_options(config, "validate"))(
        raw, use_case=config.name, data=data, contract=contract, task=task
    )
    # The rows are dealt anew only for what depends on them.
    needs_data = gates_of(task).needs_data
    by_rows = {name: asked for name, asked in config.gates.items() if needs_data(name)}
    splits = preprocess.with_options(**step_options(config, "preprocess"))(
        raw,
        data=data,
        contract=contract,
        split=config.split,
        task=task,
        seed=seed,
        use_case=config.name,
        gates=by_rows,
        features=config.features if by_rows else Features(),
        metrics=primary,
        reporting=config.evaluation if by_rows else Reporting(),
        after="validate",
    )

    models = [
        train.with_options(
            substitutions={"candidate": name},
            **step_options(config, "train", f"train_{name}", tracked=True, nested=True),
        )(
            splits,
            name=name,
            candidate=candidate,
            data=data,
            task=task,
            contract=contract,
            features=config.features,
            image=config.image,
            split=config.split,
            search=config.search,
            metrics=primary,
            seed=seed,
            threads=config.threads,
            seeds=config.evaluation.seeds,
            use_case=config.name,
            id=f"train_{name}",
        )
        for name, candidate in config.candidates.items()
    ]
    evaluation = evaluate.with_options(**step_options(config, "evaluate", tracked=True))(
        models,
        splits,
        data=data,
        task=task,
        contract=contract,
        features=config.features,
        metrics=config.metrics,
        reporting=config.evaluation,
        expectations=config.expectations,
        golden_rows=config.deployment.golden_rows,
        gates=config.gates,
        seed=seed,
        fingerprint=fingerprint,
        use_case=config.name,
    )
    promotion = promote.with_options(**step_options(config, "promote", tracked=True))(
        models,
        splits,
        evaluation,
        data=data,
        task=task,
        metrics=config.metrics,
        champion=config.champion,
        seed=seed,
        use_case=config.name,
    )
    deploy.with_options(**step_options(config, "deploy"))(
        models,
        splits,
        promotion,
        data=data,
        task=task,
        expectations=config.expectations,
        seed=seed,
        deployment=config.deployment,
    )
