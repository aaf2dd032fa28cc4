"""Checks that our orchestrator passes and ZenML's own does not: what makes a subclass of it necessary.

Each check is one function, asked of both, each with a Kubeflow Pipelines of its own. Tasks are over at once and do
nothing: what they would have been given is looked at.
"""

from __future__ import annotations

import importlib
import re
import threading
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from zenml.client import Client
from zenml.config import DockerSettings, ResourceSettings
from zenml.config.retry_config import StepRetryConfig
from zenml.config.schedule import Schedule
from zenml.enums import ExecutionMode

from rehearsal.kfp.server import running
from rehearsal.kfp.task import Outcome
from stacks.orchestrators.kubeflow import schedules, waiting
from stacks.orchestrators.kubeflow.api import KfpApi
from stacks.orchestrators.kubeflow.config import KubeflowConfig
from tests.stacks.orchestrators.kubeflow.conftest import IMAGE, Tasks, activate, stack_components

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

KILLED = Outcome("Failed", "OOMKilled (exit code 137)")
OURS = {"node_selector": {"disk": "ssd"}, "tolerations": [{"key": "gpu", "operator": "Exists"}], "step_timeout": 90}
# The nearest that ZenML's own has.
PLAIN = {"node_selectors": {"disk": "ssd"}, "pod_settings": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}}


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two, and the machine from which pipelines are submitted to it."""

    ours: bool
    url: str
    state: Path
    tasks: Tasks
    servers: dict[str, str]

    @property
    def api(self) -> KfpApi:
        return KfpApi(KubeflowConfig(url=self.url, namespace="ml"))

    @property
    def chain(self) -> Any:
        return importlib.import_module("small").chain

    def activate(self, url: str = "", **settings: Any) -> None:
        components = stack_components(url or self.url, self.servers)
        if self.ours:
            components["orchestrator"][1].update(settings)
        else:
            components["orchestrator"] = ("kubeflow", {"kubeflow_hostname": url or self.url, **settings})
        activate(components, "ours" if self.ours else "plain")

    def submit(self, **options: Any) -> tuple[str, Any]:
        """The error that whoever submits gets to see, and ZenML's entry of the run."""
        settings = {"docker": DockerSettings(parent_image=IMAGE, skip_build=True)}
        mode = ExecutionMode.STOP_ON_FAILURE if self.ours else ExecutionMode.CONTINUE_ON_FAILURE
        wired = self.chain.with_options(enable_cache=False, settings=settings, execution_mode=mode, **options)
        error = ""
        try:
            wired()
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        runs = Client().list_pipeline_runs(size=1, sort_by="desc:created", hydrate=True).items
        return error, runs[0] if runs else None

    def pod(self, **options: Any) -> Any:
        """What the pod of step `first` gets if the step has these options."""
        error, _ = self.submit(steps={"first": options})
        assert self.pods("first"), f"there is no pod: {error}"
        return self.pods("first")[-1]

    def pods(self, step: str) -> list[Any]:
        return [each for each in self.tasks.seen if step in each.container.get("args", [])]

    def in_kfp(self) -> Any:
        """The newest run there."""
        return self.api._runs.run_service_list_runs(page_size=1, sort_by="created_at desc").runs[0]

    def schedule(self, cron: str) -> None:
        """As `python run.py schedule set` does; ZenML's own takes a name only once, so there it gets none."""
        with schedules.replacing("small") if self.ours else nullcontext():
            self.submit(schedule=Schedule(name="small" if self.ours else None, cron_expression=cron))

    def forget_schedules(self) -> None:
        for recurring in self.api.schedules(None, None):
            self.api.delete_schedule(recurring.recurring_run_id)
        for schedule in Client().list_schedules().items:
            Client().zen_store.delete_schedule(schedule.id, soft=False)

    def kept(self) -> str:
        """All that Kubeflow Pipelines keeps."""
        return "".join(file.read_bytes().decode(errors="replace") for file in self.state.glob("kfp.sqlite*"))


@pytest.fixture(scope="module")
def sides(client, servers, tmp_path_factory):
    with ExitStack() as stack:
        made = {}
        for name in ("ours", "plain"):
            state, tasks = tmp_path_factory.mktemp(name), Tasks()
            made[name] = Side(name == "ours", stack.enter_context(running(state, tasks)), state, tasks, servers)
        yield made


@pytest.fixture
def ours(sides, fresh):
    return fresh(sides["ours"])


@pytest.fixture
def plain(sides, fresh):
    return fresh(sides["plain"])


@pytest.fixture
def fresh(monkeypatch):
    def prepared(side):
        # Both ask more often, and otherwise as they do.
        monkeypatch.setattr(waiting, "POLL_SECONDS", 0.2)
        monkeypatch.setattr("kfp.client.Client.wait_for_run_completion.__defaults__", (0.2,))
        side.tasks.endings, side.tasks.blocked, side.tasks.seen = {}, set(), []
        side.activate()
        side.forget_schedules()
        return side

    return prepared


def memory_limit(side):
    resources = side.pod(settings={"resources": ResourceSettings(memory="2GiB")}).container["resources"]
    assert resources["resourceMemoryLimit"] == "2Gi"


def gpus(side):
    resources = side.pod(settings={"resources": ResourceSettings(gpu_count=2)}).container.get("resources")
    assert resources, "no resources"
    assert resources["accelerator"]["resourceCount"] == "2"


@cache
def placed(side):
    """What Kubernetes is told of the pod; one run for all checks that look at it."""
    return side.pod(settings={"orchestrator": OURS if side.ours else PLAIN}).kubernetes


def cpu_limit(side):
    resources = side.pod(settings={"resources": ResourceSettings(cpu_count=0.5)}).container["resources"]
    assert resources["resourceCpuLimit"] == "0.5"


def node_selector(side):
    assert placed(side).get("nodeSelector") == {"labels": {"disk": "ssd"}}, "no node selector"


def tolerations(side):
    assert placed(side).get("tolerations") == [{"key": "gpu", "operator": "Exists"}], "no tolerations"


def step_timeout(side):
    assert placed(side).get("activeDeadlineSeconds") == "90", "no timeout"


def no_root(side):
    assert placed(side).get("securityContext") == {"runAsNonRoot": True}, "no security context"


def no_token(side):
    side.submit()
    assert "ZENML_STORE_URL" in side.kept()
    assert "eyJ" not in side.kept(), "a token"  # how one begins


def killed_step_is_tried_again(side):
    side.tasks.endings["first"] = KILLED
    side.submit(steps={"first": {"retry": StepRetryConfig(max_retries=1, delay=0)}})
    assert len(side.pods("first")) == 2, f"attempts: {len(side.pods('first'))}"


def killed_step_fails_the_run(side):
    side.tasks.endings["first"] = KILLED
    error, run = side.submit()
    assert "step first ended without telling ZenML how" in error, f"no word of it: {error}"
    assert run.status == "failed"


def cancelled_run_is_stopped(side):
    side.tasks.blocked.add("first")
    threading.Thread(target=lambda: (until(side.tasks.seen), side.api.terminate(side.in_kfp().run_id))).start()
    error, run = side.submit()
    assert "was cancelled" in error, f"no word of it: {error}"
    assert run.status == "stopped"


def late_run_is_ended(side):
    side.activate(timeout=2)
    side.tasks.blocked.add("first")
    error, run = side.submit()
    assert "longer than 2 s and was ended" in error, f"only {error}, and the run is {side.in_kfp().state}"
    assert (run.status, "longer than 2 s" in run.get_body().status_reason) == ("failed", True)
    assert side.in_kfp().state == "FAILED"


def kfp_out_of_reach_is_said(side):
    side.activate(url="http://127.0.0.1:9")
    error, run = side.submit()
    said = re.search(r"Kubeflow Pipelines at http://127.0.0.1:9 cannot be reached .*KFP_URL", error)
    assert said, f"no word of it: {error}"
    assert run.status == "failed"


def what_cannot_be_compiled_is_said(side):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kfp.compiler.Compiler.compile", lambda *_, **__: 1 / 0)
        error, run = side.submit()
    assert "cannot be compiled for Kubeflow Pipelines" in error, f"only {error}"
    assert run.status == "failed"


def experiment_of_the_use_case(side):
    side.submit()
    assert side.in_kfp().experiment_id == side.api.experiment("small", None), "another experiment"


def version_for_each_snapshot(side):
    for _ in range(2):
        side.submit()
    pipeline = side.api.pipeline("small", None)
    assert pipeline, "no pipeline"
    versions = side.api._pipelines.pipeline_service_list_pipeline_versions(pipeline).pipeline_versions
    snapshots = [run.snapshot.id for run in Client().list_pipeline_runs(size=2, sort_by="desc:created", hydrate=True)]
    assert {f"small-{snapshot}" for snapshot in snapshots} <= {version.display_name for version in versions}


def last_task_after_a_killed_step(side):
    side.tasks.endings["first"] = KILLED
    side.submit()
    assert len(side.tasks.seen) == 2, "no last task"


def five_fields_mean_what_they_say(side):
    side.schedule("0 6 * * 1-5")
    (recurring,) = side.api.schedules(None, None)
    assert recurring.trigger.cron_schedule.cron == "0 0 6 * * 1-5", f"sent {recurring.trigger.cron_schedule.cron}"


def schedule_takes_the_place_of_the_old_one(side):
    for cron in ("0 6 * * *", "0 7 * * *"):
        side.schedule(cron)
    found = [each.trigger.cron_schedule.cron for each in side.api.schedules(None, None)]
    assert found == ["0 0 7 * * *"], f"there are {len(found)}"


def pausing_reaches_kfp(side):
    side.schedule("0 6 * * *")
    Client().update_schedule(Client().list_schedules().items[0].id, active=False)
    assert [each.status for each in side.api.schedules(None, None)] == ["DISABLED"], "not paused"


def deleting_reaches_kfp(side):
    side.schedule("0 6 * * *")
    Client().delete_schedule(Client().list_schedules().items[0].id)
    assert side.api.schedules(None, None) == [], "not deleted"


def until(found):
    for _ in range(300):
        if found:
            return
        time.sleep(0.1)


# Each check, and what becomes of it on ZenML's own.
BROKEN = {
    memory_limit: "TypeError",
    gpus: "no resources",
    node_selector: "no node selector",
    tolerations: "no tolerations",
    step_timeout: "no timeout",
    no_root: "no security context",
    no_token: "a token",
    killed_step_is_tried_again: "attempts: 1",
    killed_step_fails_the_run: "no word of it",
    cancelled_run_is_stopped: "no word of it",
    late_run_is_ended: "RUNNING",
    kfp_out_of_reach_is_said: "no word of it",
    what_cannot_be_compiled_is_said: "only ZeroDivisionError",
    experiment_of_the_use_case: "another experiment",
    version_for_each_snapshot: "no pipeline",
    last_task_after_a_killed_step: "no last task",
    five_fields_mean_what_they_say: r"sent 0 6 \* \* 1-5",
    schedule_takes_the_place_of_the_old_one: "there are 2",
    pausing_reaches_kfp: "not paused",
    deleting_reaches_kfp: "not deleted",
}


def test_the_cpu_limit_is_well_in_both(ours, plain):
    """So is the status of a step that ends by an exception of its own: its pod tells ZenML itself."""
    for side in (ours, plain):
        side.activate()
        cpu_limit(side)


@pytest.mark.parametrize("check", BROKEN, ids=lambda check: check.__name__)
def test_ours(ours, check):
    check(ours)


@pytest.mark.parametrize("check", BROKEN, ids=lambda check: check.__name__)
def test_zenmls_own(plain, check):
    with pytest.raises(AssertionError, match=BROKEN[check]):
        check(plain)
