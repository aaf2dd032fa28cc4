"""Champion against challenger for models of images: both answer the same images, and a paired test decides.

The twin of `tables.comparison`. Classifiers are compared as any classifiers are; retrievals each search their own
gallery, and are right where the nearest image has the right class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.recipes import ImagePromote
from switchyard.evaluation.comparison_plan import (
    ROLES,
    UNSURE,
    Comparison,
    Names,
    Plan,
    bootstrapped,
    decided,
    difference_of_classes,
    plan_of,
    unseen,
)
from switchyard.evaluation.images.subject import Subject
from switchyard.evaluation.images.subjects import subject_of
from switchyard.model.image_inference import Inference, ask
from switchyard.statistics.difference import Difference
from switchyard.statistics.mcnemar import mcnemar

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.training_rows import TrainingRows
    from switchyard.model.onnx_model import OnnxModel

_PARTED = "{} images left out of classes that {} does not know"


def compare(
    champion: OnnxModel,
    challenger: OnnxModel,
    test: pl.LazyFrame,
    recipe: ImagePromote,
    seen: TrainingRows | None,
    names: Names = ROLES,
) -> Comparison:
    """Asks both models about the test images that neither was trained on.

    Args:
        champion: The model in production.
        challenger: The best candidate, trained on none of `test`.
        test: An ingested table of images.
        recipe: How the two are compared.
        seen: The champion's training images, by content hash; None if they were never recorded.
        names: What the sentences call the two.
    """
    task = challenger.metadata["task"]
    is_binary = task == "image_classification" and len(challenger.metadata["classes"]) == 2
    plan = plan_of(recipe.metrics.primary, is_binary, recipe.champion, recipe.seed, names, "image")
    if champion.metadata["task"] != task:
        why = f"its task is {champion.metadata['task']}, {names[1]}'s {task}"
        return plan.outcome(UNSURE, f"{names[0]} cannot be compared: {why}")
    is_fresh, notes = unseen(test, seen, names[0], "image")
    if recipe.champion.test == "delong" and plan.test != "delong":
        notes = (*notes, "DeLong's test is for two classes, so the bootstrap took its place")
    subjects = subject_of(champion), subject_of(challenger)
    inferences = ask([champion, challenger], test)
    counted, strange = _counted(subjects, inferences, plan)
    notes = (*notes, *strange)
    old, new = (each.where(counted & is_fresh) for each in inferences)
    left_out = int((counted & ~is_fresh).sum())
    return decided(plan, len(new), left_out, notes, lambda: _difference(subjects, (old, new), plan))


def _counted(
    subjects: tuple[Subject, Subject], inferences: list[Inference], plan: Plan
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Images that the challenger can answer right; for a ranking the champion must be able to, too."""
    known = [subject.predictions(said).counted for subject, said in zip(subjects, inferences, strict=True)]
    counted, notes = known[1], []
    if strange := int((~known[1]).sum()):
        notes.append(_PARTED.format(f"{strange:,}", plan.names[1]))
    if plan.test != "mcnemar" and (strange := int((known[1] & ~known[0]).sum())):
        counted = known[0] & known[1]
        notes.append(_PARTED.format(f"{strange:,}", plan.names[0]))
    return counted, tuple(notes)


def _difference(
    subjects: tuple[Subject, Subject], inferences: tuple[Inference, Inference], plan: Plan
) -> Difference | str:
    """The test's result, or why there is none."""
    import polars as pl

    metadata = subjects[0].model.metadata, subjects[1].model.metadata
    if metadata[1]["task"] == "image_classification":
        labels = pl.Series(inferences[1].labels.tolist(), dtype=pl.String)
        return difference_of_classes(metadata, (inferences[0].outputs, inferences[1].outputs), labels, plan)
    for said, name in zip(inferences, plan.names, strict=True):
        if not np.isfinite(said.outputs["embedding"]).all():
            return f"{name} answers NaN or infinity for some images"
    if plan.test == "mcnemar":
        right = [
            subject.predictions(said).said == said.labels for subject, said in zip(subjects, inferences, strict=True)
        ]
        return mcnemar(right[0], right[1], plan.confidence)
    old, new = (subject.sample(said, plan.metric) for subject, said in zip(subjects, inferences, strict=True))
    assert old is not None and new is not None
    return bootstrapped(old, new, plan)
