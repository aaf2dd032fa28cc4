"""Which options of the config's `steps` go for which step."""

from __future__ import annotations

from switchyard.config.sections import StepOptions

STEPS = ("ingest", "validate", "preprocess", "train", "evaluate", "promote", "deploy")


def options_of(steps: dict[str, StepOptions], *names: str) -> StepOptions:
    """The options of one step: the later name has the last word on what it says, before it `default`.

    Args:
        steps: The section `steps` of a config.
        *names: The step, from the general to the particular, as in `train`, `train_forest`.
    """
    merged: dict[str, object] = {}
    for name in ("default", *names):
        merged |= {key: value for key, value in dict(steps.get(name, StepOptions())).items() if value is not None}
    return StepOptions.model_validate(merged)
