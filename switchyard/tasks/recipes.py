"""Makes of a config what each step of a run is told: the only place that does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from switchyard.config.recipes import (
    DeployRecipe,
    EvaluateRecipe,
    IndexRecipe,
    IngestRecipe,
    PreprocessRecipe,
    PromoteRecipe,
    Recipe,
    TrainRecipe,
    ValidateRecipe,
)
from switchyard.config.sections import Section, UseCase
from switchyard.tasks.code import digest
from switchyard.tasks.kind import Kind
from switchyard.tasks.registry import kind_of

R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True)
class Recipes:
    """The recipes of one run.

    Attributes:
        ingest: And so on, by the step's name.
        train: By the candidate's name.
    """

    ingest: IngestRecipe
    validate: ValidateRecipe
    preprocess: PreprocessRecipe
    train: Mapping[str, TrainRecipe]
    evaluate: EvaluateRecipe
    promote: PromoteRecipe
    deploy: DeployRecipe

    @classmethod
    def of(cls, config: UseCase, fingerprint: str = "", network: int | None = None) -> Recipes:
        """The recipes of a config.

        Args:
            config: The use case.
            fingerprint: Of the source's contents; empty: the steps take it as it is when they run.
            network: The version whose network gets another gallery, if nothing is trained.
        """
        kind = kind_of(config.task)
        builder = _Builder(kind, config)
        primary, uri = config.metrics.primary, config.data.uri
        return cls(
            ingest=builder.build(IngestRecipe, "ingest", fingerprint=fingerprint),
            validate=builder.build(ValidateRecipe, "validate", uri=uri),
            preprocess=builder.preprocess(network),
            train={
                name: builder.build(
                    TrainRecipe,
                    "train",
                    name=name,
                    candidate=candidate,
                    primary=primary,
                    seeds=config.evaluation.seeds,
                )
                for name, candidate in config.candidates.items()
            },
            evaluate=builder.build(
                EvaluateRecipe,
                "evaluate",
                uri=uri,
                fingerprint=fingerprint,
                golden_rows=config.deployment.golden_rows,
            ),
            promote=builder.build(PromoteRecipe),
            deploy=builder.build(DeployRecipe),
        )


def index_recipe(config: UseCase, version: int) -> IndexRecipe:
    """What the step index is told.

    Args:
        config: The use case.
        version: Whose network it is.
    """
    return _Builder(kind_of(config.task), config).build(IndexRecipe, "index", version=version)


def deploy_recipe(config: UseCase) -> DeployRecipe:
    """What a release is told, which needs no more than the step deploy."""
    return _Builder(kind_of(config.task), config).build(DeployRecipe)


@dataclass(frozen=True)
class _Builder:
    """Fills the fields of recipes with the keys of a config that have their names."""

    kind: Kind
    config: UseCase

    def build(self, recipe: type[R], *steps: str, **given: object) -> R:
        """A recipe of this kind.

        Args:
            recipe: Of a step.
            *steps: Whose code it depends on, see `switchyard.tasks.code.STAGES`.
            **given: What no key of the config has the name of.
        """
        known = {"kind": self.kind.name, "use_case": self.config.name, **given}
        if steps:
            known["code"] = digest(self.kind, *steps)
        return cast(R, self._filled(cast(type[Section], recipe.of_kind(self.kind.name)), known))

    def preprocess(self, network: int | None) -> PreprocessRecipe:
        """With gates only if there are any that need the rows: others split nothing anew."""
        needs_data = self.kind.gates().needs_data
        gates = {name: asked for name, asked in self.config.gates.items() if needs_data(name)}
        of_kind = PreprocessRecipe.of_kind(self.kind.name)
        known = {"gates": gates, "primary": self.config.metrics.primary}
        row_gates = self._filled(of_kind.ROW_GATES, known) if gates else None
        steps = ("preprocess", "row_gates") if gates else ("preprocess",)
        return self.build(PreprocessRecipe, *steps, network=network, row_gates=row_gates)

    def _filled(self, model: type[Section], known: Mapping[str, object]) -> Section:
        values = {name: known[name] if name in known else getattr(self.config, name) for name in model.model_fields}
        # By way of JSON every key of every section is set: ZenML keeps no others of a parameter.
        return model.model_validate_json(json.dumps(values, default=_plain))


def _plain(section: Any) -> Any:  # noqa: ANN401 - JSON
    return section.model_dump(mode="json")
