"""Robustness of an image model: the primary metric when the test images are turned, noisy, blurred, bright or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.images.thumbnail import thumbnail
from switchyard.evaluation.images.transforms import TRANSFORMS
from switchyard.model.image_inference import Inference, ask_pixels, batches_of, pixels, shape_of
from switchyard.statistics.bootstrap import QUICK, estimate_of, resampled
from switchyard.statistics.metrics import LOWER_IS_BETTER

if TYPE_CHECKING:
    from switchyard.config.sections import Metrics
    from switchyard.evaluation.images.context import ImageContext
    from switchyard.statistics.metrics import Sample

IMAGES = 1000
"""At most so many are transformed: more make the intervals no narrower than a reader can see."""


def robustness(context: ImageContext) -> dict[str, dict[str, Any]]:
    """The metric on transformed images, and what it loses against the same images as they are.

    Args:
        context: The model, the test images and its answers to them; `reporting.robustness` has the strengths of each
            transform, rising.

    Returns:
        By transform, at its highest strength: `strength`, `about` (the same in words), the metric's estimate under its
        name, `loss`, `loss_low`, `loss_high` (positive if the metric is worse, paired on the same images), and
        `example` (`src`, `alt`): the first of them. The same figures at its other strengths, if it has several, are in
        `milder`, by strength.
    """
    subject, inference, metrics, seed = context.subject, context.inference, context.metrics, context.seed
    counted = np.flatnonzero(context.predictions.counted)
    chosen = np.sort(np.random.default_rng(seed).permutation(counted)[:IMAGES])
    before = subject.sample(inference.where(chosen), metrics.primary)
    shape, strengths = shape_of(subject.model), dict(context.reporting.robustness)
    changed: dict[tuple[str, float], list[Inference]] = {
        (name, strength): [] for name in TRANSFORMS for strength in strengths[name]
    }
    examples: dict[str, dict[str, str]] = {}
    for number, part in enumerate(batches_of(context.test, chosen.tolist())):  # decoded once for all transforms
        batch, labels = pixels(part, shape), np.array(part["label"].to_list(), dtype=object)
        for place, (name, (transform, _)) in enumerate(TRANSFORMS.items()):
            for strength in strengths[name]:  # with one seed, so that a higher one is more of the same
                moved = transform(batch, strength, _seed(seed, place, number))
                changed[name, strength].append(ask_pixels(subject.model, moved, labels))
            if not number:
                examples[name] = {"src": thumbnail(moved[0]), "alt": f"image {part['path'][0]} after {name}"}
    found: dict[str, dict[str, Any]] = {}
    given = (metrics, seed, len(chosen))
    for name, (_, words) in TRANSFORMS.items():
        *milder, hardest = [
            {
                "strength": strength,
                "about": words.format(strength),
                **_measured(before, subject.sample(_joined(changed[name, strength]), metrics.primary), *given),
            }
            for strength in strengths[name]
        ]
        found[name] = {**hardest, "example": examples[name]}
        if milder:
            found[name]["milder"] = {f"{each['strength']:g}": each for each in milder}
    return found


def _seed(seed: int, place: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, place, number]).generate_state(1)[0])


def _joined(parts: list[Inference]) -> Inference:
    outputs = {name: np.concatenate([part.outputs[name] for part in parts]) for name in parts[0].outputs}
    return Inference(np.concatenate([part.labels for part in parts]), outputs)


def _measured(before: Sample | None, after: Sample | None, metrics: Metrics, seed: int, images: int) -> dict[str, Any]:
    primary = metrics.primary
    if before is None or after is None:
        nothing = {"value": None, "low": None, "high": None, "n": images}
        return {primary: nothing, "loss": None, "loss_low": None, "loss_high": None}
    # The same seed gives both the same resamples, so images that are hard either way make no difference.
    pairs = [resampled(each, max(1, metrics.bootstrap), seed, QUICK) for each in (before, after)]
    (old, drawn_old), (new, drawn_new) = ((values[primary], draws[primary]) for values, draws in pairs)
    sign = 1.0 if primary in LOWER_IS_BETTER else -1.0
    drawn = slice(None) if metrics.bootstrap else slice(0)
    loss = estimate_of(
        sign * (new - old) + 0.0, sign * (drawn_new - drawn_old)[drawn] + 0.0, metrics.confidence, images
    )
    return {
        primary: estimate_of(new, drawn_new[drawn], metrics.confidence, images),
        "loss": loss["value"],
        "loss_low": loss["low"],
        "loss_high": loss["high"],
    }
