"""Where the best candidate of the running pipeline comes from: data, config, code, packages, stack, parent."""

from __future__ import annotations

from typing import Any

from zenml import get_step_context
from zenml.models import PipelineRunResponse

from switchyard.config.loading import recorded
from switchyard.config.sections import UseCase
from switchyard.lineage import config_sha256, machine, origin
from switchyard.project import ROOT
from switchyard.report import Report


def lineage_of_run(evaluation: Report, champion: int | None) -> dict[str, Any]:
    """The lineage of this run, for the report. Asked by promote: what is evaluated may come from the cache.

    Args:
        evaluation: For the source and its fingerprint.
        champion: The version in production until now, if there was one.
    """
    run = get_step_context().pipeline_run
    source = evaluation.facts["data"]["source"]
    submitted = {key: each for key, each in run.config.extra.items() if key in ("code", "lock_sha256")}
    return {
        "uri": source.get("uri"),
        "fingerprint": source.get("fingerprint"),
        "config_sha256": config_sha256(config_of(run)),
        **(submitted or origin(ROOT)),
        "stack": run.stack.name if run.stack else None,
        "champion": champion,
        "run": run.name,
        "python": machine()["python"],
    }


def config_of(run: PipelineRunResponse) -> UseCase:
    """The whole config, as the pipeline was given it."""
    return recorded((run.config.parameters or {})["config"])
