"""What goes to MLflow, and nothing if the stack has no experiment tracker.

One MLflow run a pipeline run, with one nested run a candidate. ZenML starts and ends the runs of the steps
that name the tracker; here they are only written to. A server that goes away in the middle costs the record and
not the model: the step says so and goes on.
"""

from __future__ import annotations

import functools
import logging
import platform
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from zenml import get_step_context, log_metadata
from zenml.client import Client
from zenml.enums import StackComponentType

from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.promotion import Promotion
from switchyard.report import Report

if TYPE_CHECKING:
    from mlflow import ActiveRun

_METRICS_PER_CALL = 1000
_NOT_IN_A_NAME = re.compile(r"[^\w\-./ :]")  # MLflow refuses a metric whose name has anything else in it
_DESCRIPTION = 5000  # characters: the column's width in MLflow's database
_LOG = logging.getLogger(__name__)


Log = TypeVar("Log", bound=Callable[..., None])


def _if_it_answers(log: Log) -> Log:
    """What a step has computed outlives the server that it would have been recorded on."""

    @functools.wraps(log)
    def tolerant(*arguments: object) -> None:
        if not tracked():
            return
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        try:
            log(*arguments)
        except (MlflowException, RequestException) as error:
            _LOG.warning("MLflow did not take what %s had to say: %s", log.__name__, error)
            log_metadata({"not in MLflow": f"{log.__name__}: {str(error)[:200]}"})

    return cast(Log, tolerant)


def tracked() -> bool:
    """Whether the running step has an MLflow run to write to."""
    return bool(get_step_context().step_run.config.experiment_tracker)


@_if_it_answers
def log_candidate(model: OnnxModel, history: list[dict[str, Any]]) -> None:
    """Parameters, cross-validation, the search's course, the environment and the ONNX file."""
    import mlflow

    card = model.metadata
    mlflow.log_params({"candidate": card["candidate"], "type": card["type"], "seed": card["seed"], **card["params"]})
    _log_metrics(card, history)
    if history:
        mlflow.log_dict({"trials": history}, "search.json")
    mlflow.log_dict(card["versions"], "environment.json")
    log_model_files(model)


@_if_it_answers
def log_epochs(epochs: Sequence[Mapping[str, float]]) -> None:
    """The figures of some epochs, each at its number."""
    import mlflow
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [
        Metric(name, float(value), now, int(epoch["epoch"]))
        for epoch in epochs
        for name, value in epoch.items()
        if name != "epoch"
    ]
    run = _active_run()
    for start in range(0, len(metrics), _METRICS_PER_CALL):
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics[start : start + _METRICS_PER_CALL])


def _log_metrics(card: dict[str, Any], history: list[dict[str, Any]]) -> None:
    """Everything in one call (a thousand is what MLflow takes): a call is a transaction, on a server a round trip."""
    import mlflow
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [Metric("parity_max_difference", card["parity"]["max_difference"], now, 0)]
    if cv := card.get("cv"):  # networks are judged by the validation images alone
        metrics += [
            Metric(f"cv_{cv['metric']}", cv["mean"], now, 0),
            Metric(f"cv_{cv['metric']}_std", cv["std"], now, 0),
        ]
    metrics += [
        Metric("search_score", each["score"], now, each["number"]) for each in history if each["score"] is not None
    ]
    run = _active_run()
    for start in range(0, len(metrics), _METRICS_PER_CALL):
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics[start : start + _METRICS_PER_CALL])


def _active_run() -> ActiveRun:
    """The MLflow run that ZenML has started for the step."""
    import mlflow

    run = mlflow.active_run()
    if run is None:
        raise RuntimeError("a step that names the experiment tracker has an active MLflow run")
    return run


def log_model_files(model: OnnxModel) -> None:
    """The ONNX file with its card and what lies beside it, as the folder `model` of the active MLflow run."""
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        write_mlflow_model(model, Path(folder))
        mlflow.log_artifacts(folder, "model")


def write_mlflow_model(model: OnnxModel, folder: Path) -> None:
    """An MLflow model folder around the ONNX file and what lies beside it.

    MLflow's own onnx flavor refuses string columns on pandas 3, so the file is loaded by
    `switchyard.model.pyfunc` (flavor python_function). A gallery beside the graph goes with it; the flavor onnx, which
    would load the encoder alone, is then left out.
    """
    from mlflow.models import Model

    for name, content in {"model.onnx": model.content, **model.companions}.items():
        (folder / name).write_bytes(content)
    (folder / "metadata.json").write_text(model.metadata_json())
    described = Model()
    described.add_flavor(
        "python_function",
        loader_module="switchyard.model.pyfunc",
        data=".",
        env={},
        python_version=platform.python_version(),
    )
    if not model.companions:
        described.add_flavor("onnx", data="model.onnx", onnx_version=model.metadata["versions"]["onnx"])
    described.save(str(folder / "MLmodel"))


@_if_it_answers
def log_evaluation(report: Report) -> None:
    """The best candidate's figures on test rows, and the page."""
    import mlflow

    mlflow.log_param("best", report.facts["best"])
    mlflow.log_metrics(_headlines(report.facts))
    mlflow.log_text(report.html, "evaluation.html")
    mlflow.log_text(report.facts_json(), "evaluation.json")


def _headlines(facts: dict[str, Any]) -> dict[str, float]:
    """What runs are compared by: the metrics, time and size, and whatever the config gates; the rest is in the JSON."""
    asked = {gate["name"] for gate in facts["gates"]}
    first = {*facts["test"]["metrics"], "latency_ms", "size_mb", "parity"}
    chosen = {name: value for name, value in facts["gated"].items() if name in asked or name.split(".")[0] in first}
    numbers = {name: float(value) for name, value in chosen.items() if isinstance(value, int | float)}
    return {f"test_{_NOT_IN_A_NAME.sub('_', name)}": value for name, value in numbers.items()}


@_if_it_answers
def log_cached_evaluation(report: Report) -> None:
    """The same, for a run whose evaluation came from the cache; otherwise it would stand in MLflow without a figure."""
    import mlflow

    run = mlflow.active_run()
    if run and "best" not in mlflow.get_run(run.info.run_id).data.params:
        log_evaluation(report)


@_if_it_answers
def register_in_mlflow(use_case: str, version: int, model: OnnxModel) -> None:
    """A version in MLflow's registry, tagged with ZenML's number; the same version is registered once."""
    import mlflow
    from mlflow.exceptions import MlflowException

    client = mlflow.MlflowClient()
    if _mlflow_version(use_case, version):
        return
    try:
        client.create_registered_model(use_case)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    run = _active_run()
    log_model_files(model)
    client.create_model_version(
        use_case,
        source=f"{run.info.artifact_uri}/model",
        run_id=run.info.run_id,
        tags={
            "zenml_version": str(version),
            "sha256": model.metadata["sha256"],
            "candidate": model.metadata["candidate"],
        },
    )


@_if_it_answers
def log_page(report: Report) -> None:
    """The page again, now with the verdict."""
    import mlflow

    mlflow.log_text(report.html, "evaluation.html")
    mlflow.log_text(report.facts_json(), "evaluation.json")


@_if_it_answers
def record_verdict_in_mlflow(promotion: Promotion) -> None:
    """The verdict with its reason as tags of the registered version, the comparison's figures as metrics of the run."""
    import mlflow

    difference = promotion.comparison.difference if promotion.comparison else None
    if difference:
        mlflow.log_metrics({f"comparison_{name}": value for name, value in difference})
    if found := _mlflow_version(promotion.use_case, promotion.version):
        for name, value in (("verdict", promotion.verdict), ("reason", promotion.reason)):
            mlflow.MlflowClient().set_model_version_tag(promotion.use_case, found, name, value)


@_if_it_answers
def log_card(use_case: str, version: int, card: str) -> None:
    """The card as a file of the run; its opening, which fits into a description, beside the registered version."""
    import mlflow

    mlflow.log_text(card, "model_card.md")
    if found := _mlflow_version(use_case, version):
        opening = f"{card.partition('## ')[0].strip()}\n\nThe whole card: model_card.md of the run."
        mlflow.MlflowClient().update_model_version(use_case, found, description=opening[:_DESCRIPTION])


def _mlflow_version(use_case: str, version: int) -> str | None:
    """MLflow's number for a version of ZenML's."""
    import mlflow

    found = mlflow.MlflowClient().search_model_versions(f"name = '{use_case}'")
    return next((str(each.version) for each in found if each.tags.get("zenml_version") == str(version)), None)


def tracker_options(experiment: str, nested: bool = False) -> dict[str, Any]:
    """Options of a step that writes to MLflow; none if the active stack has no experiment tracker.

    Args:
        experiment: The MLflow experiment.
        nested: Whether the step gets an MLflow run of its own below the pipeline run's.
    """
    trackers = Client().active_stack_model.components.get(StackComponentType.EXPERIMENT_TRACKER)
    if not trackers:
        return {}
    settings = {"experiment_name": experiment, "nested": nested}
    return {"experiment_tracker": trackers[0].name, "settings": {"experiment_tracker": settings}}
