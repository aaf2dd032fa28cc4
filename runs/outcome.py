"""Reads what came out of a run from its artifacts, whatever stack it ran on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zenml.client import Client
from zenml.models import ArtifactVersionResponse, PipelineRunResponse
from zenml.utils.dashboard_utils import get_run_url

from runs.outcome_data import Outcome, OutcomeCandidate, OutcomeData
from switchyard.config.sections import UseCase
from switchyard.evaluation.gates.judge import GateResult
from switchyard.project import STATE
from switchyard.releases.promotion import Promotion
from switchyard.serving.rollout.deployer import Endpoint
from switchyard.tasks.data import Source
from switchyard.tasks.registry import kind_of


def read_outcome(run: PipelineRunResponse, config: UseCase, source: Source) -> Outcome:
    """Reads what the finished steps of a run left behind; unfinished steps left nothing.

    Args:
        run: Completed or failed.
        config: The use case.
        source: What preflight found of the data.
    """
    outputs = _outputs(run)
    promoted = outputs.get(f"{config.name}_promotion")
    endpoint = outputs.get(f"{config.name}_endpoint")
    report = outputs.get(f"{config.name}_evaluation")
    facts = report.load().facts if report else {}
    promotion: Promotion | None = promoted.load() if promoted else None
    # What was decided is in production only once it is deployed.
    champion = None if promotion is None else promotion.production if endpoint else promotion.champion
    unit = kind_of(config.task).data().UNIT
    return Outcome(
        run=run.name,
        use_case=config.name,
        data=OutcomeData(uri=source.uri, rows=_rows(run, source), unit=unit, fingerprint=source.fingerprint),
        candidates=_candidates(facts) if facts else (),
        primary=facts["selection"]["metric"] if facts else "",
        gates=tuple(GateResult(**gate) for gate in facts.get("gates", ())),
        comparison=promotion.comparison if promotion else None,
        verdict=f"{promotion.verdict}: {promotion.reason}" if promotion else "",
        version=promotion.version if promotion else None,
        champion=champion,
        endpoint=Endpoint(**endpoint.load()) if endpoint else None,
        repaired=promotion.repaired if promotion else (),
        links={"dashboard": _dashboard(run), **_links(config.name, outputs)},
        artifacts=tuple(version.uri for version in outputs.values()),
    )


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


def _candidates(facts: Mapping[str, Any]) -> tuple[OutcomeCandidate, ...]:
    """From the facts of the report: the best one first, then the same one on test rows, then the others."""
    best = facts["best"]
    candidates = [
        OutcomeCandidate(name=each["name"], metrics=each["metrics"], best=each["name"] == best)
        for each in facts["candidates"]
    ]
    on_test = OutcomeCandidate(name=f"{best}\non test", metrics=facts["test"]["metrics"], best=True)
    first, *others = sorted(candidates, key=lambda each: not each.best)
    return (first, on_test, *others)


def _dashboard(run: PipelineRunResponse) -> str:
    """The run's page on a server; without one, the command that starts it on this machine."""
    return get_run_url(run) or "zenml login --local"


def _links(use_case: str, outputs: dict[str, ArtifactVersionResponse]) -> dict[str, str]:
    links = {}
    tracker = Client().active_stack.experiment_tracker
    if tracker is not None and hasattr(tracker, "get_tracking_uri"):
        uri = tracker.get_tracking_uri()
        links["MLflow"] = uri if uri.startswith("http") else f"mlflow ui --backend-store-uri {shlex.quote(uri)}"
    for what, names in (("evaluation", ("verdict", "evaluation")), ("validation", ("validation",))):
        if report := next((found for name in names if (found := outputs.get(f"{use_case}_{name}"))), None):
            page = page_file(report, f"{use_case}-{what}")
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
