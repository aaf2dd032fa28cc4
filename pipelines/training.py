"""The training pipeline, from a source to an endpoint."""

from __future__ import annotations

from zenml import pipeline

from steps.deploy import deploy
from steps.evaluate import evaluate
from steps.ingest import ingest
from steps.preprocess import preprocess
from steps.promote import promote
from steps.tracking import tracker_name
from steps.train import train
from steps.validate import validate
from switchyard.config import Config


@pipeline
def training(config: Config, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again.
    """
    data, task, contract, seed = config.data, config.task, config.contract, config.seed
    raw = ingest(data=data, fingerprint=fingerprint)
    validate(raw, use_case=config.name, source=data.uri, contract=contract, target=data.target)
    splits = preprocess(raw, data=data, contract=contract, split=config.split, task=task, seed=seed, after="validate")

    tracker = tracker_name()
    experiment = {"experiment_tracker": {"experiment_name": config.name}}
    nested = {"experiment_tracker": {"experiment_name": config.name, "nested": True}}
    models = [
        train.with_options(
            experiment_tracker=tracker, settings=nested if tracker else {}, substitutions={"candidate": name}
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
            metrics=config.metrics,
            seed=seed,
            threads=config.threads,
            id=f"train_{name}",
        )
        for name, candidate in config.candidates.items()
    ]
    tracking = {"experiment_tracker": tracker, "settings": experiment if tracker else {}}
    evaluation = evaluate.with_options(**tracking)(
        models,
        splits,
        data=data,
        task=task,
        metrics=config.metrics,
        gates=config.gates,
        seed=seed,
        fingerprint=fingerprint,
    )
    promotion = promote.with_options(**tracking)(models, evaluation, use_case=config.name)
    deploy(models, splits, promotion, deployment=config.deployment)
