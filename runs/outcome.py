"""Reads what came out of a run from its artifacts, whatever stack it ran on."""

from __future__ import annotations

import shlex
from pathlib import Path

from zenml.client import Client
from zenml.models import ArtifactVersionResponse, PipelineRunResponse
from zenml.utils.dashboard_utils import get_run_url

from runs.outcome_data import Outcome
from switchyard.config.images import AnyConfig
from switchyard.project import STATE
from switchyard.tasks.data import Source, data_steps


def read_outcome(run: PipelineRunResponse, config: AnyConfig, source: Source) -> Outcome:
    """Reads what the finished steps of a run left behind; the steps that did not finish left nothing.

    Args:
        run: Completed or failed.
        config: The use case.
        source: What preflight found of the data.
    """
    unit = data_steps(config.task).UNIT
    data = {"uri": source.uri, "rows": _rows(run, source), "unit": unit, "fingerprint": source.fingerprint}
    outcome = Outcome(run=run.name, use_case=config.name, data=data)
    outputs = _outputs(run)
    outcome.artifacts = [version.uri for version in outputs.values()]
    if report := outputs.get(f"{config.name}_evaluation"):
        _read_evaluation(outcome, report)
    if promotion := outputs.get(f"{config.name}_promotion"):
        decided = promotion.load()
        outcome.version, outcome.champion = decided["version"], decided["production"]
        outcome.comparison = decided["comparison"] or {}
        outcome.repaired = decided.get("repaired", [])
        outcome.verdict = f"{decided['verdict']}: {decided['reason']}"
    if endpoint := outputs.get(f"{config.name}_endpoint"):
        outcome.endpoint = endpoint.load()
    elif promotion:  # what was decided has not come into production
        outcome.champion = decided["champion"]
    outcome.links = {"dashboard": _dashboard(run), **_links(outcome, outputs)}
    return outcome


def _rows(run: PipelineRunResponse, source: Source) -> int | None:
    """How many there are; of what is only counted while it is read, what ingest has noted."""
    ingest = run.steps.get("ingest")
    counted = ingest.run_metadata.get("rows") if source.rows is None and ingest else None
    return int(str(counted)) if counted is not None else source.rows


def _outputs(run: PipelineRunResponse) -> dict[str, ArtifactVersionResponse]:
    found: dict[str, ArtifactVersionResponse] = {}
    for step in run.steps.values():
        for versions in step.outputs.values():
            found.update({version.name: version for version in versions})
    return found


def _read_evaluation(outcome: Outcome, version: ArtifactVersionResponse) -> None:
    facts = version.load().facts
    best = facts["best"]
    outcome.primary = facts["selection"]["metric"]
    outcome.candidates = sorted(
        (
            {"name": each["name"], "metrics": each["metrics"], "best": each["name"] == best}
            for each in facts["candidates"]
        ),
        key=lambda each: not each["best"],
    )
    outcome.candidates.insert(1, {"name": f"{best}\non test", "metrics": facts["test"]["metrics"], "best": True})
    outcome.gates = facts["gates"]


def _dashboard(run: PipelineRunResponse) -> str:
    """The run's page on a server; without one, the command that starts it on this machine."""
    return get_run_url(run) or "zenml login --local"


def _links(outcome: Outcome, outputs: dict[str, ArtifactVersionResponse]) -> dict[str, str]:
    links = {}
    tracker = Client().active_stack.experiment_tracker
    if tracker is not None and hasattr(tracker, "get_tracking_uri"):
        uri = tracker.get_tracking_uri()
        links["MLflow"] = uri if uri.startswith("http") else f"mlflow ui --backend-store-uri {shlex.quote(uri)}"
    for what, names in (("evaluation", ("verdict", "evaluation")), ("validation", ("validation",))):
        if report := next((found for name in names if (found := outputs.get(f"{outcome.use_case}_{name}"))), None):
            page = page_file(report, f"{outcome.use_case}-{what}")
            links[f"{what} report"] = f"python -m webbrowser {page.as_uri()}"
    return links


def page_file(report: ArtifactVersionResponse, name: str) -> Path:
    """The page as a file of this machine: no browser opens what lies in a bucket, so that is copied."""
    if "://" not in report.uri:
        return Path(report.uri) / "report.html"
    page = STATE / "reports" / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(report.load().html, encoding="utf-8")
    return page
