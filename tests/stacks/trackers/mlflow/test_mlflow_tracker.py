"""Steps that begin at the same moment share one MLflow run, and a server that is down is named."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import get_context

import mlflow
import pytest

from rehearsal.processes import free_port, server
from stacks.trackers.mlflow.flavor import TrackerConfig
from stacks.trackers.mlflow.tracker import Tracker
from switchyard.errors import SwitchyardError
from switchyard.project import ROOT

pytestmark = pytest.mark.integration


def tracker(url: str) -> Tracker:
    """A component of this flavor, without a stack around it."""
    from datetime import UTC, datetime
    from uuid import uuid4

    from zenml.enums import StackComponentType

    now = datetime.now(UTC)
    return Tracker(
        name="kubeflow",
        id=uuid4(),
        config=TrackerConfig(tracking_uri=url),
        flavor="switchyard-mlflow",
        type=StackComponentType.EXPERIMENT_TRACKER,
        user=None,
        created=now,
        updated=now,
    )


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    with server("mlflow", command, f"http://127.0.0.1:{port}/health", folder):
        yield f"http://127.0.0.1:{port}"


def _ask(url):
    return tracker(url).get_run_id("titanic", "run-1")


def test_steps_side_by_side_agree_on_one_run(url):
    with get_context("fork").Pool(3) as processes:
        answers = set(processes.map(_ask, [url] * 3, chunksize=1))

    client = mlflow.MlflowClient(url)
    experiment = client.get_experiment_by_name("titanic")
    assert answers == {run.info.run_id for run in client.search_runs([experiment.experiment_id])}
    assert len(answers) == 1


def test_a_server_that_answers_is_fine(url):
    tracker(url).check()


def test_a_server_that_is_down_is_named_before_anything_runs():
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(SwitchyardError, match=rf"^MLflow at {url} did not .*connection refused.*kubeflow$"):
        tracker(url).check()


def test_processes_that_are_the_first_to_use_a_database_do_not_disturb_each_other(tmp_path):
    """MLflow alone fails in all of them but one."""
    create = "import sys; from stacks.trackers.mlflow.tracker import _create_database; _create_database(sys.argv[1])"
    command = [sys.executable, "-c", create, f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"]
    started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [each.communicate()[1] for each in started]

    assert [each.returncode for each in started] == [0, 0, 0], ends
