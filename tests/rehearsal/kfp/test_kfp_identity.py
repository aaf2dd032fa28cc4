"""A task that is a process finds the Kubernetes of its pod: secrets, and the token of its ServiceAccount."""

import base64

import pytest
from kfp import kubernetes as k8s
from kubernetes import client, config

from rehearsal.kfp.server import running
from tests.rehearsal.kfp.pipelines import client_of, ended, log, shell, submit

pytestmark = pytest.mark.integration

_WHO_AM_I = """
from kubernetes import client, config
config.load_incluster_config()
try:
    client.CoreV1Api().list_namespaced_secret(open('/var/run/secrets/kubernetes.io/serviceaccount/namespace').read())
except client.ApiException as error:
    print(error.status, error.body)
"""


def test_a_process_has_the_secrets_and_the_identity_of_a_pod(kubeconfig, tmp_path):
    core = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
    data = {"KEY": base64.b64encode(b"from the cluster").decode()}
    for create, body in (
        (core.create_namespaced_service_account, {"metadata": {"name": "pipeline-runner"}}),
        (core.create_namespaced_secret, {"metadata": {"name": "kfp-process"}, "data": data}),
    ):
        try:
            create("ml", body)
        except client.ApiException as error:
            assert error.status == 409
    (tmp_path / "who.py").write_text(_WHO_AM_I)

    def pipeline():
        task = shell(script=f'echo "$FROM_SECRET"; python {tmp_path}/who.py')
        k8s.use_secret_as_env(task, "kfp-process", {"KEY": "FROM_SECRET"})

    with running(tmp_path / "state", kubeconfig=kubeconfig, namespace="ml") as url:
        kfp_client = client_of(url)
        run_id = submit(kfp_client, pipeline, tmp_path)
        run = ended(kfp_client, run_id)
        written = log(url, run_id, "root.shell.executor")

    assert run.state == "SUCCEEDED"
    assert written.startswith("from the cluster\n403 ")
    assert "system:serviceaccount:ml:pipeline-runner" in written
