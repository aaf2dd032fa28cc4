"""The experiment tracker of flavor `switchyard-mlflow`."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.exceptions import MlflowException
from zenml.integrations.mlflow.experiment_trackers.mlflow_experiment_tracker import MLFlowExperimentTracker

from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from zenml.config.step_run_info import StepRunInfo

_LOG = logging.getLogger(__name__)
_SQLITE = "sqlite:///"
_ELECTION_SECONDS = 1.0  # clocks of pods differ by less
_RETRIES_VARIABLE = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_RETRIES = "4"  # with MLflow's back-off about half a minute; its own 7 are several, for each call


class Tracker(MLFlowExperimentTracker):
    """ZenML's tracker, for steps that run side by side and for a server that is down at times."""

    def disable_autologging(self) -> None:
        """Nothing: no step of ours switches autologging on."""

    def configure_mlflow(self) -> None:
        """As ZenML does, with an end to the retries."""
        os.environ.setdefault(_RETRIES_VARIABLE, _RETRIES)
        super().configure_mlflow()
        uri = self.get_tracking_uri()
        if uri.startswith(_SQLITE):
            _create_database(uri)

    def check(self) -> None:
        """Asks the server whether it is there, and this user known.

        Raises:
            SwitchyardError: It does not answer, or refuses.
        """
        if not self._is_server():
            return
        with self._named(), _few_retries():
            self.configure_mlflow()
            mlflow.MlflowClient().search_experiments(max_results=1)

    def prepare_step_run(self, info: StepRunInfo) -> None:
        """Starts the MLflow runs of a step.

        Raises:
            SwitchyardError: MLflow does not answer, or refuses; the step has not begun then.
        """
        with self._named():
            super().prepare_step_run(info)

    def cleanup_step_run(self, info: StepRunInfo, step_failed: bool) -> None:
        """Ends them; a step that is done is not failed by a server that has gone since."""
        try:
            with _few_retries():
                super().cleanup_step_run(info, step_failed)
        except MlflowException as error:
            _LOG.warning("MLflow was not told that step %s has ended: %s", info.pipeline_step_name, _reason(error))

    def get_run_id(self, experiment_name: str, run_name: str) -> str | None:
        """The MLflow run of a pipeline run, the same one for all of its steps.

        ZenML looks for the run and starts one if there is none, so steps that begin at the same moment would
        each start their own. Here they agree on the oldest and take theirs back.

        Args:
            experiment_name: Where to look.
            run_name: The pipeline run's name.
        """
        self.configure_mlflow()
        client = mlflow.MlflowClient()
        experiment = mlflow.set_experiment(self._adjust_experiment_name(experiment_name)).experiment_id
        if found := _oldest(client, experiment, run_name):
            return found
        own = client.create_run(experiment, run_name=run_name, tags=self._get_internal_tags()).info.run_id
        if not self._is_server():  # one machine, one step after the other
            return str(own)
        time.sleep(_ELECTION_SECONDS)
        elected = _oldest(client, experiment, run_name) or own
        if elected != own:
            client.delete_run(own)
        return str(elected)

    def _is_server(self) -> bool:
        return self.get_tracking_uri(as_plain_text=False).startswith("http")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except MlflowException as error:
            uri = self.get_tracking_uri(as_plain_text=False)
            raise SwitchyardError(
                f"MLflow at {uri} did not do as it was asked ({_reason(error)}); start it, or correct the settings of "
                f"the experiment tracker {self.name}"
            ) from error


@cache
def _create_database(uri: str) -> None:
    """MLflow makes its tables without a lock, and of two processes that do so at the same time one fails."""
    path = Path(uri.removeprefix(_SQLITE))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mlflow.MlflowClient(uri).search_experiments(max_results=1)


@contextmanager
def _few_retries() -> Iterator[None]:
    """Somebody waits for the answer and can start the server, or there is nothing to lose but the end of a record."""
    before = os.environ.get(_RETRIES_VARIABLE)
    os.environ[_RETRIES_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_RETRIES_VARIABLE]
        else:
            os.environ[_RETRIES_VARIABLE] = before


def _oldest(client: mlflow.MlflowClient, experiment: str, run_name: str) -> str | None:
    """The id of the run that was started first; of two at the same moment, the smaller id."""
    named = f"tags.mlflow.runName = '{run_name}'"
    found = client.search_runs([experiment], named, order_by=["attributes.start_time ASC"], max_results=50)
    parents: list[Any] = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    return min(((run.info.start_time, run.info.run_id) for run in parents), default=(0, None))[1]


def _reason(error: Exception) -> str:
    """The cause, without the address and the retries that requests tells of."""
    text = " ".join(str(error).split())
    if "Connection refused" in text:
        return "connection refused"
    return text if len(text) < 200 else f"{text[:200]}…"
