"""The server as a process: what it was doing when it died is not forgotten, and not made up either."""

import signal
import subprocess
import sys
from contextlib import contextmanager

from tests.rehearsal.kfp.pipelines import alive, client_of, compiled, ended, shell, wait_for


@contextmanager
def server(state):
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearsal.kfp", "--state", str(state)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def test_history_survives_and_a_lost_task_is_a_failure(tmp_path):
    def quick():
        shell(script="echo done")

    def slow():
        first = shell(script="exit 0")
        second = shell(script=f"echo $$ > {tmp_path}/process; sleep 300").after(first)
        shell(script="exit 0").after(second)

    with server(tmp_path / "state") as (process, url):
        client = client_of(url)
        before = ended(client, client.create_run_from_pipeline_package(str(compiled(quick, tmp_path))).run_id)
        lost = client.create_run_from_pipeline_package(str(compiled(slow, tmp_path, "slow"))).run_id
        wait_for(lambda: (tmp_path / "process").is_file(), bool)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with server(tmp_path / "state") as (_, url):
        client = client_of(url)
        after = ended(client, lost)
        wait_for(lambda: alive(int((tmp_path / "process").read_text())), lambda lives: not lives)
        assert client.get_run(before.run_id) == before

    found = {task.display_name: task.state for task in after.run_details.task_details}
    assert after.state == "FAILED"
    assert found["shell"] == "SUCCEEDED" and found["shell-2"] == "FAILED" and "shell-3" not in found


def test_a_server_that_is_told_to_go_takes_its_tasks_along(tmp_path):
    def slow():
        shell(script=f"echo $$ > {tmp_path}/process; sleep 300")

    with server(tmp_path / "state") as (process, url):
        client = client_of(url)
        run_id = client.create_run_from_pipeline_package(str(compiled(slow, tmp_path))).run_id
        wait_for(lambda: (tmp_path / "process").is_file(), bool)
        process.terminate()
        assert process.wait() == 0
    assert not alive(int((tmp_path / "process").read_text()))
    with server(tmp_path / "state") as (_, url):
        assert ended(client_of(url), run_id).state == "FAILED"
