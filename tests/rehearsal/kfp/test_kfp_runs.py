"""What becomes of a submitted pipeline, with tasks as processes."""

# No `from __future__ import annotations` here: kfp reads the signatures of components as they are.

import json
import re
from pathlib import Path

import pytest
from kfp import dsl, kubernetes
from kfp_server_api import ApiException

from rehearsal.kfp import memory
from rehearsal.kfp.server import running
from tests.rehearsal.kfp.pipelines import (
    alive,
    client_of,
    compiled,
    ended,
    log,
    produce,
    shell,
    shell_with_argument,
    states,
    submit,
    wait_for,
    workflow,
)


def test_tasks_run_in_order_and_side_by_side(kfp_client, tmp_path):
    def meet(mine: str, other: str) -> str:
        return f"touch {tmp_path}/{mine}; while [ ! -e {tmp_path}/{other} ]; do sleep 0.1; done"

    def pipeline():
        first = shell(script=f"touch {tmp_path}/first")
        left = shell(script=f"test -e {tmp_path}/first; {meet('left', 'right')}").after(first)
        right = shell(script=f"test -e {tmp_path}/first; {meet('right', 'left')}").after(first)
        shell(script=f"test -e {tmp_path}/left && test -e {tmp_path}/right").after(left, right)

    run = ended(kfp_client, submit(kfp_client, pipeline, tmp_path))

    assert run.state == "SUCCEEDED"
    assert [status.state for status in run.state_history] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert {"root-driver", "root", "shell-driver", "shell", "shell-4", "executor"} <= set(states(run))
    assert set(states(run).values()) == {"SUCCEEDED"}
    assert all(task.error is None and task.pod_name is None for task in run.run_details.task_details)


def test_placeholders_are_unique_to_the_run_and_only_resolved_where_kubeflow_does(kfp_url, kfp_client, tmp_path):
    def pipeline():
        task = shell_with_argument(script='echo "$0 $IN_ENVIRONMENT $RUN"', argument=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
        task.set_env_variable("IN_ENVIRONMENT", dsl.PIPELINE_JOB_NAME_PLACEHOLDER)
        kubernetes.use_field_path_as_env(task, "RUN", "metadata.labels['pipeline/runid']")

    ids = [submit(kfp_client, pipeline, tmp_path) for _ in range(2)]
    written = {
        run_id: log(kfp_url, ended(kfp_client, run_id).run_id, "root.shell-with-argument.executor") for run_id in ids
    }

    assert written == {run_id: f"{run_id} {{{{$.pipeline_job_name}}}} {run_id}\n" for run_id in ids}


def test_a_task_has_an_environment_and_an_app_folder_of_its_own(kfp_url, kfp_client, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKED", "from the server")

    def pipeline():
        show = "python -c 'import os, json; print(json.dumps(dict(os.environ)))'"
        script = f"pwd; ls -A /app /run | tr '\\n' ' '; echo x > /app/file; {show}"
        first = shell(script=script).set_env_variable("MINE", "1")
        kubernetes.use_secret_as_env(first, "store", {"KEY": "STORE_KEY"})
        shell(script=script).after(first)

    run_id = submit(kfp_client, pipeline, tmp_path)
    assert ended(kfp_client, run_id).state == "SUCCEEDED"
    place, listing, environment = re.split("\n|(?={)", log(kfp_url, run_id, "root.shell.executor"), maxsplit=2)
    second = log(kfp_url, run_id, "root.shell-2.executor")

    found = json.loads(environment)
    assert place == "/app" and listing.split() == ["/app:", "/run:"]
    assert found["MINE"] == "1" and found["STORE_KEY"] == "a-secret-value"
    assert "LEAKED" not in found and set(found) <= {
        "PATH", "HOME", "TMPDIR", "LANG", "HOSTNAME", "PWD", "OLDPWD", "MINE", "STORE_KEY", "KFP_POD_NAME",
        "KFP_POD_UID", "KFP_NAMESPACE", "SHLVL", "_", "LC_CTYPE",
    }  # fmt: skip
    assert "file" not in second and "STORE_KEY" not in second
    assert not Path("/app/file").exists()


def test_a_task_waits_for_a_secret_that_is_missing(kfp_url, kfp_client, kfp_secrets, tmp_path):
    def pipeline():
        kubernetes.use_secret_as_env(shell(script='test "$LATE" = now'), "late", {"KEY": "LATE"})

    run_id = submit(kfp_client, pipeline, tmp_path)
    message = "CreateContainerConfigError"
    node = wait_for(
        lambda: workflow(kfp_url, run_id).get("root.shell.executor"), lambda node: node and message in node["message"]
    )
    assert node["phase"] == "Pending"
    (kfp_secrets / "late").mkdir()
    (kfp_secrets / "late" / "KEY").write_text("now")

    assert ended(kfp_client, run_id).state == "SUCCEEDED"


def test_outputs_reach_inputs_and_conditions_decide(kfp_url, kfp_client, tmp_path):
    def pipeline(number: int = 3):
        made = produce(script="echo -n 41 > $0")
        with dsl.If(made.outputs["result"] == 41):
            shell_with_argument(script='echo "got $0"', argument=f"{made.outputs['result']}")
        with dsl.If(number > 5):
            shell(script="exit 1")

    run_id = submit(kfp_client, pipeline, tmp_path)
    run = ended(kfp_client, run_id)

    assert run.state == "SUCCEEDED"
    assert states(run)["condition-1"] == "SUCCEEDED" and states(run)["condition-2"] == "SKIPPED"
    assert log(kfp_url, run_id, "root.condition-1.shell-with-argument.executor") == "got 41\n"


def test_a_python_component_runs_as_kfp_compiles_it(kfp_url, kfp_client, tmp_path):
    @dsl.component(base_image="example/steps:1", install_kfp_package=False)
    def double(number: int) -> int:
        return 2 * number

    def pipeline():
        shell_with_argument(script="echo $0", argument=f"{double(number=double(number=4).output).output}")

    run_id = submit(kfp_client, pipeline, tmp_path)
    assert ended(kfp_client, run_id).state == "SUCCEEDED"
    assert log(kfp_url, run_id, "root.shell-with-argument.executor") == "16\n"


def test_the_first_failure_lets_nothing_new_start(kfp_url, kfp_client, tmp_path):
    def pipeline():
        broken = shell(script="echo why it failed; exit 3")
        shell(script="exit 0").after(broken)
        slow = shell(script="sleep 1")
        shell(script="exit 0").after(slow)

    run_id = submit(kfp_client, pipeline, tmp_path)
    run = ended(kfp_client, run_id)

    assert run.state == "FAILED" and run.error is None
    found = states(run)
    assert found["shell"] == found["root"] == "FAILED" and found["shell-3"] == "SUCCEEDED"
    assert not {"shell-2", "shell-4"} & set(found)
    assert log(kfp_url, run_id, "root.shell.executor") == "why it failed\n"
    assert workflow(kfp_url, run_id)["root.shell.executor"]["message"] == "Error (exit code 3)"


def test_a_failed_task_is_tried_again_as_often_as_its_policy_says(kfp_url, kfp_client, tmp_path):
    def pipeline():
        shell(script=f"echo x >> {tmp_path}/tries; exit $(( $(wc -l < {tmp_path}/tries) < 3 ))").set_retry(3)
        shell(script=f"echo x >> {tmp_path}/others; exit 1").set_retry(1)

    run_id = submit(kfp_client, pipeline, tmp_path)
    run = ended(kfp_client, run_id)

    assert run.state == "FAILED"
    nodes = {name: node["phase"] for name, node in workflow(kfp_url, run_id).items() if "executor" in name}
    assert nodes == {
        "root.shell.executor": "Succeeded",
        "root.shell.executor(0)": "Failed",
        "root.shell.executor(1)": "Failed",
        "root.shell.executor(2)": "Succeeded",
        "root.shell-2.executor": "Failed",
        "root.shell-2.executor(0)": "Failed",
        "root.shell-2.executor(1)": "Failed",
    }


def test_a_task_over_its_time_is_ended_with_all_it_started(kfp_url, kfp_client, tmp_path):
    def pipeline():
        task = shell(script=f"sleep 300 & echo $! > {tmp_path}/child; sleep 300")
        kubernetes.set_timeout(task, 1)

    run_id = submit(kfp_client, pipeline, tmp_path)
    assert ended(kfp_client, run_id).state == "FAILED"
    message = workflow(kfp_url, run_id)["root.shell.executor"]["message"]

    assert message == "Pod was active on the node longer than the specified deadline"
    assert not alive(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize("cgroups", [True, False])
def test_a_task_over_its_memory_limit_is_killed(kfp_url, kfp_client, tmp_path, monkeypatch, cgroups):
    if not cgroups:  # as on a machine where none can be made
        monkeypatch.setattr(memory, "_CGROUPS", tmp_path / "none")

    def pipeline():
        script = "python -c 'import time; held = b\"x\" * ({} * 2**20); time.sleep({})'"
        shell(script=script.format(300, 5)).set_memory_limit("100Mi")
        shell(script=script.format(30, 0)).set_memory_limit("100Mi")

    run_id = submit(kfp_client, pipeline, tmp_path)
    run = ended(kfp_client, run_id)

    assert workflow(kfp_url, run_id)["root.shell.executor"]["message"] == "OOMKilled (exit code 137)"
    assert states(run)["shell-2"] == "SUCCEEDED"


@pytest.mark.parametrize("code", [0, 1])
def test_an_exit_task_runs_whatever_happened_and_is_told(kfp_url, kfp_client, tmp_path, code):
    @dsl.component(base_image="example/steps:1", install_kfp_package=False)
    def clean_up(folder: str, status: dsl.PipelineTaskFinalStatus):
        import pathlib

        pathlib.Path(folder, "status").write_text(f"{status.state} {status.pipeline_task_name}")

    def pipeline():
        with dsl.ExitHandler(clean_up(folder=str(tmp_path))):
            first = shell(script=f"exit {code}")
            shell(script="exit 0").after(first)

    run_id = submit(kfp_client, pipeline, tmp_path)
    run = ended(kfp_client, run_id)

    assert run.state == ("FAILED" if code else "SUCCEEDED")
    assert (tmp_path / "status").read_text() == f"{run.state} exit-handler-1"
    assert states(run)["exit-handler-1.onExit"] == "SUCCEEDED"


def test_a_terminated_run_ends_and_its_exit_task_runs(kfp_url, kfp_client, tmp_path):
    def pipeline():
        with dsl.ExitHandler(shell(script=f"touch {tmp_path}/cleaned")):
            slow = shell(script=f"echo $$ > {tmp_path}/process; sleep 300").set_retry(2)
            shell(script="exit 0").after(slow)

    run_id = submit(kfp_client, pipeline, tmp_path)
    wait_for(lambda: (tmp_path / "process").is_file(), bool)
    kfp_client.terminate_run(run_id)
    run = ended(kfp_client, run_id)

    assert run.state == "FAILED"
    assert [status.state for status in run.state_history] == ["PENDING", "RUNNING", "CANCELING", "FAILED"]
    assert (tmp_path / "cleaned").exists()
    assert not {"root.exit-handler-1.shell-3", "root.exit-handler-1.shell-2.executor(1)"} & set(
        workflow(kfp_url, run_id)
    )
    assert not alive(int((tmp_path / "process").read_text()))
    with pytest.raises(ApiException) as refused:
        kfp_client.terminate_run(run_id)
    assert refused.value.status == 400


def test_a_failed_run_can_be_retried_without_repeating_what_succeeded(kfp_client, tmp_path):
    def pipeline():
        first = shell(script=f"echo x >> {tmp_path}/first")
        shell(script=f"test -e {tmp_path}/repaired").after(first)

    run_id = submit(kfp_client, pipeline, tmp_path)
    assert ended(kfp_client, run_id).state == "FAILED"
    (tmp_path / "repaired").touch()
    kfp_client._run_api.run_service_retry_run(run_id=run_id)
    run = ended(kfp_client, run_id)

    assert run.state == "SUCCEEDED"
    assert (tmp_path / "first").read_text() == "x\n"
    assert [status.state for status in run.state_history][-2:] == ["RUNNING", "SUCCEEDED"]
    with pytest.raises(ApiException, match="must be Failed/Error to retry"):
        kfp_client._run_api.run_service_retry_run(run_id=run_id)


def test_a_deleted_run_is_gone_with_its_process(kfp_client, tmp_path):
    def pipeline():
        shell(script=f"echo $$ > {tmp_path}/process; sleep 300")

    run_id = submit(kfp_client, pipeline, tmp_path)
    wait_for(lambda: (tmp_path / "process").is_file(), bool)
    kfp_client.delete_run(run_id)

    assert not alive(int((tmp_path / "process").read_text()))
    with pytest.raises(ApiException) as missing:
        kfp_client.get_run(run_id)
    assert missing.value.status == 404 and json.loads(missing.value.body)["code"] == 5


def test_a_task_is_not_run_twice_unless_caching_is_off(kfp_url, kfp_client, tmp_path):
    def pipeline():
        shell(script=f"echo x >> {tmp_path}/ran")
        shell(script=f"echo x >> {tmp_path}/always").set_caching_options(False)

    package = str(compiled(pipeline, tmp_path))
    for _ in range(2):
        run_id = kfp_client.create_run_from_pipeline_package(package).run_id
        assert ended(kfp_client, run_id).state == "SUCCEEDED"
    nodes = workflow(kfp_url, run_id)

    assert ((tmp_path / "ran").read_text(), (tmp_path / "always").read_text()) == ("x\n", "x\nx\n")
    assert nodes["root.shell.executor"]["phase"] == "Skipped" and nodes["root.shell"]["phase"] == "Succeeded"


@dsl.container_component
def writes(data: dsl.Output[dsl.Dataset]):
    """Has an artifact."""
    return dsl.ContainerSpec(image="example/steps:1", command=["touch"], args=[data.path])


def writing():
    writes()


def looping():
    with dsl.ParallelFor([1, 2]):
        shell(script="exit 0")


@pytest.mark.parametrize(
    ("pipeline", "said"), [(writing, "which this server does not keep"), (looping, "which this server does not run")]
)
def test_what_is_not_there_is_said_and_not_left_out(kfp_url, kfp_client, tmp_path, pipeline, said):
    run_id = submit(kfp_client, pipeline, tmp_path)
    assert ended(kfp_client, run_id).state == "FAILED"
    failed = {name: node for name, node in workflow(kfp_url, run_id).items() if node["phase"] == "Failed"}

    # The compiler counts the loops of a process, so the number in the driver's name is not known.
    assert any(said in node["message"] for name, node in failed.items() if name.endswith("-driver"))


def test_an_outage_of_the_api_does_not_end_a_run(tmp_path):
    def pipeline():
        shell(script=f"touch {tmp_path}/began; until [ -e {tmp_path}/go ]; do sleep 0.1; done")

    with running(tmp_path / "state") as url:
        client = client_of(url, namespace="ml")
        run_id = submit(client, pipeline, tmp_path)
        wait_for(lambda: (tmp_path / "began").exists(), bool)
        (tmp_path / "state" / "outage").touch()
        with pytest.raises(ApiException) as away:
            client.get_run(run_id)
        (tmp_path / "go").touch()
        (tmp_path / "state" / "outage").unlink()

        assert away.value.status == 503
        assert ended(client, run_id).state == "SUCCEEDED"
