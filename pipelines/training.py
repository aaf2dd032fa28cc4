"""The training pipeline, from a source to an endpoint."""

from __future__ import annotations

from zenml import pipeline

from steps.deploy import deploy
from steps.evaluate import evaluate
from steps.ingest import ingest
from steps.preprocess import preprocess
from steps.promote import promote
from steps.tracking import tracker_options
from steps.train import train
from steps.validate import validate
from switchyard.config import Config, Metrics


@pipeline
def training(config: Config, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again.
    """
    data, task, contract, seed = config.data, config.task, config.contract, config.seed
    raw = ingest(data=data, fingerprint=fingerprint, use_case=config.name)
    validate(raw, use_case=config.name, source=data.uri, contract=contract, target=data.target)
    splits = preprocess(
        raw,
        data=data,
        contract=contract,
        split=config.split,
        task=task,
        seed=seed,
        use_case=config.name,
        after="validate",
    )

    tracked = tracker_options(config.name)
    models = [
        train.with_options(substitutions={"candidate": name}, **tracker_options(config.name, nested=True))(
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
    evaluation = evaluate.with_options(**tracked)(
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
    promotion = promote.with_options(**tracked)(models, evaluation, use_case=config.name)
    deploy(models, splits, promotion, deployment=config.deployment)
