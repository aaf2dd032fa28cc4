"""What a step is told beside its parameters: the tracker that it writes to, and what it needs where it runs."""

from __future__ import annotations

from typing import Any

from zenml import get_step_context
from zenml.client import Client
from zenml.config import ResourceSettings
from zenml.config.retry_config import StepRetryConfig

from steps.support.tracking import tracker_options
from switchyard.config.sections import StepOptions, UseCase
from switchyard.config.step_options import options_of

_RETRY_DELAY = 10  # seconds before a step is tried again, doubled each time: what failed once may need a moment
_BACKOFF = 2
# Settings that only an orchestrator with nodes to choose from knows.
_PLACEMENT = {"node_selector": "node_selector", "tolerations": "tolerations", "timeout": "step_timeout"}


def step_options(config: UseCase, *names: str, tracked: bool = False, nested: bool = False) -> dict[str, Any]:
    """Keyword arguments for `with_options`.

    Args:
        config: The use case.
        *names: The step, from the general to the particular, as in `train`, `train_forest`.
        tracked: Whether it writes to the experiment tracker, if the active stack has one.
        nested: Whether it gets a tracker run of its own below the pipeline run's.
    """
    wanted = options_of(config.steps, *names)
    options = tracker_options(config.name, nested) if tracked else {}
    settings = {**options.pop("settings", {}), **_resources(wanted), **_placement(wanted)}
    if settings:
        options["settings"] = settings
    if wanted.retries:
        options["retry"] = StepRetryConfig(max_retries=wanted.retries, delay=_RETRY_DELAY, backoff=_BACKOFF)
    return options


def gpus_asked_for() -> int:
    """How many GPUs the running step has asked for; none on a stack that has no pods to give them to."""
    if not Client().active_stack.orchestrator.config.is_remote:
        return 0
    return get_step_context().step_run.config.resource_settings.gpu_count or 0


def _resources(wanted: StepOptions) -> dict[str, Any]:
    asked = {"cpu_count": wanted.cpu, "memory": _bytes(wanted.memory), "gpu_count": wanted.gpu}
    asked = {name: value for name, value in asked.items() if value is not None}
    return {"resources": ResourceSettings.model_validate(asked)} if asked else {}


def _bytes(memory: str | None) -> str | None:
    """As ZenML writes quantities: 4GiB for 4Gi, 4GB for 4G."""
    return f"{memory}B" if memory else None


def _placement(wanted: StepOptions) -> dict[str, Any]:
    """Nothing on a stack whose orchestrator has no nodes to choose from."""
    orchestrator = Client().active_stack.orchestrator
    known = orchestrator.settings_class.model_fields if orchestrator.settings_class else {}
    asked = wanted.model_dump(mode="json", exclude_none=True)
    placement = {ours: asked[name] for name, ours in _PLACEMENT.items() if name in asked and ours in known}
    return {"orchestrator": placement} if placement else {}
