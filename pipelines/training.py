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
from switchyard.config import Config, Metrics


@pipeline
def training(config: Config, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again; empty for a run of another day, which
            reads what is there then.
    """
    data, task, contract, seed = config.data, config.task, config.contract, config.seed
    anew: dict[str, Any] = {} if fingerprint else {"enable_cache": False}
    raw = ingest.with_options(**step_options(config, "ingest"), **anew)(
        data=data, task=task, fingerprint=fingerprint, use_case=config.name
    )
    validate.with_options(**step_options(config, "validate"))(
        raw, use_case=config.name, data=data, contract=contract, task=task
    )
    splits = preprocess.with_options(**step_options(config, "preprocess"))(
        raw,
        data=data,
        contract=contract,
        split=config.split,
        task=task,
        seed=seed,
        use_case=config.name,
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
            split=config.split,
            search=config.search,
            metrics=Metrics(primary=config.metrics.primary),  # the rest is evaluate's, and trains nothing anew
            seed=seed,
            threads=config.threads,
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
        metrics=config.metrics,
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
    deploy.with_options(**step_options(config, "deploy"))(models, splits, promotion, deployment=config.deployment)
