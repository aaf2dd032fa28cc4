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
from switchyard.config.sections import UseCase
from switchyard.tasks.recipes import Recipes, index_recipe


@pipeline
def training(config: UseCase, fingerprint: str) -> None:
    """Ingests, validates, preprocesses, trains, evaluates, promotes and deploys one use case.

    Args:
        config: The use case.
        fingerprint: Of the source's contents, so that changed data is read again; empty for a run of another day, which
            reads what is there then.
    """
    recipes = Recipes.of(config, fingerprint)
    splits = _prepared(config, recipes)
    models = [
        train.with_options(
            substitutions={"candidate": name},
            **step_options(config, "train", f"train_{name}", tracked=True, nested=True),
        )(splits, recipe=recipe, id=f"train_{name}")
        for name, recipe in recipes.train.items()
    ]
    _released(config, recipes, models, splits)


@pipeline
def indexing(config: UseCase, fingerprint: str, version: int, network: int, candidate: str) -> None:
    """The same, with a version's network and the images of today as its gallery in place of training.

    Args:
        config: The use case.
        fingerprint: As for training.
        version: Whose network it is.
        network: The version that was trained: another one, if that was indexed itself.
        candidate: What the config called it.
    """
    recipes = Recipes.of(config, fingerprint, network)
    splits = _prepared(config, recipes)
    options = step_options(config, "train", f"train_{candidate}")
    model = index.with_options(substitutions={"candidate": candidate}, **options)(
        splits, recipe=index_recipe(config, version)
    )
    _released(config, recipes, [model], splits)


def _prepared(config: UseCase, recipes: Recipes) -> Any:  # noqa: ANN401 - an artifact
    """From the source to training, validation and test."""
    anew: dict[str, Any] = {} if recipes.ingest.fingerprint else {"enable_cache": False}
    raw = ingest.with_options(**step_options(config, "ingest"), **anew)(recipe=recipes.ingest)
    validate.with_options(**step_options(config, "validate"))(raw, recipe=recipes.validate)
    options = step_options(config, "preprocess")
    return preprocess.with_options(**options)(raw, recipe=recipes.preprocess, after="validate")


def _released(config: UseCase, recipes: Recipes, models: list[Any], splits: Any) -> None:  # noqa: ANN401 - likewise
    """From models to the one that answers."""
    evaluation = evaluate.with_options(**step_options(config, "evaluate", tracked=True))(
        models, splits, recipe=recipes.evaluate
    )
    promotion = promote.with_options(**step_options(config, "promote", tracked=True))(
        models, splits, evaluation, recipe=recipes.promote
    )
    deploy.with_options(**step_options(config, "deploy"))(models, splits, promotion, recipe=recipes.deploy)
