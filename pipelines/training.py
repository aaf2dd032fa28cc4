"""The training pipeline, from a source to an endpoint; and the one that indexes anew what has been trained before."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from steps.deploy import deploy
from steps.evaluate import evaluate
from steps.index import index
from steps.ingest import ingest
from steps.preprocess import preprocess
from steps.promote import promote
from steps.support.options import step_options
from steps.train import train
from steps.validate import validate
from switchyard.config.images import AnyConfig
from switchyard.config.sections import Features, Metrics, Reporting
from switchyard.tasks.gates import gates_of


@pipeline
def training(config: AnyConfig, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again; empty for a run of another day, which
            reads what is there then.
    """
    splits = _prepared(config, fingerprint)
    models = [
        train.with_options(
            substitutions={"candidate": name},
            **step_options(config, "train", f"train_{name}", tracked=True, nested=True),
        )(
            splits,
            name=name,
            candidate=candidate,
            data=config.data,
            task=config.task,
            contract=config.contract,
            features=config.features,
            image=config.image,
            split=config.split,
            search=config.search,
            metrics=_primary(config),
            seed=config.seed,
            threads=config.threads,
            seeds=config.evaluation.seeds,
            use_case=config.name,
            id=f"train_{name}",
        )
        for name, candidate in config.candidates.items()
    ]
    _released(config, fingerprint, models, splits)


@pipeline
def indexing(config: AnyConfig, fingerprint: str, version: int, network: int, candidate: str) -> None:
    """The same, with a version's network and the images of today as its gallery in place of training.

    Args:
        config: The use case.
        fingerprint: As for training.
        version: Whose network it is.
        network: The version that was trained: another one, if that was indexed itself.
        candidate: What the config called it.
    """
    splits = _prepared(config, fingerprint, network)
    options = step_options(config, "train", f"train_{candidate}")
    model = index.with_options(substitutions={"candidate": candidate}, **options)(
        splits, version=version, task=config.task, use_case=config.name
    )
    _released(config, fingerprint, [model], splits)


def _primary(config: AnyConfig) -> Metrics:
    """The rest is evaluate's, and trains nothing anew."""
    return Metrics(primary=config.metrics.primary)


def _prepared(config: AnyConfig, fingerprint: str, network: int | None = None) -> Any:  # noqa: ANN401 - an artifact
    """From the source to training, validation and test; what a version's network has learned stays in training."""
    data, task, contract = config.data, config.task, config.contract
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
    return preprocess.with_options(**step_options(config, "preprocess"))(
        raw,
        data=data,
        contract=contract,
        split=config.split,
        task=task,
        seed=config.seed,
        use_case=config.name,
        gates=by_rows,
        features=config.features if by_rows else Features(),
        metrics=_primary(config),
        reporting=config.evaluation if by_rows else Reporting(),
        network=network,
        after="validate",
    )


def _released(config: AnyConfig, fingerprint: str, models: list[Any], splits: Any) -> None:  # noqa: ANN401 - likewise
    """From models to the one that answers."""
    data, task, contract, seed = config.data, config.task, config.contract, config.seed
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
