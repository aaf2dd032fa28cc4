"""Where the best candidate of the running pipeline comes from: data, config, code, packages, stack, parent."""

from __future__ import annotations

from zenml import get_step_context
from zenml.models import PipelineRunResponse

from switchyard.config.loading import recorded
from switchyard.config.sections import UseCase
from switchyard.lineage import Base, Lineage, Origin, config_sha256, machine, origin
from switchyard.project import ROOT
from switchyard.report import Report


def lineage_of_run(evaluation: Report, champion: int | None, base: Base | None = None) -> Lineage:
    """The lineage of this run, for the report. Promote asks for it, since the evaluation may come from the cache.

    Args:
        evaluation: For the source and its fingerprint.
        champion: The version in production until now, if there was one.
        base: Of an indexed model, the version whose network it has.
    """
    run = get_step_context().pipeline_run
    source = evaluation.facts["data"]["source"]
    submitted = {key: each for key, each in run.config.extra.items() if key in Origin.model_fields}
    from_where = Origin.model_validate(submitted) if submitted else origin(ROOT)
    return Lineage(
        uri=source.get("uri"),
        fingerprint=source.get("fingerprint"),
        config_sha256=config_sha256(config_of(run)),
        code=from_where.code,
        lock_sha256=from_where.lock_sha256,
        stack=run.stack.name if run.stack else None,
        champion=champion,
        run=run.name,
        python=machine().python,
        base=base,
    )


def config_of(run: PipelineRunResponse) -> UseCase:
    """The whole config, as the pipeline was given it."""
    return recorded((run.config.parameters or {})["config"])
