"""The deployer of the cluster: a real API server, moto's S3, KServe's part played by controller.py."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from kubernetes import client as kubernetes_client

from rehearsal import storage
from stacks.deployers.endpoints import stop_endpoint
from stacks.deployers.kserve.deployer import KServeDeployer
from switchyard.config.sections import Deployment, Replicas, Resources
from switchyard.config.server_options import Batching
from switchyard.errors import InputError, SwitchyardError
from switchyard.serving.protocol import client
from switchyard.serving.rollout.deployer import Deployer
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.conftest import survival_graph
from tests.stacks.deployers.kserve.deploying import (
    ROWS,
    SERVICES,
    answering,
    model,
    objects,
    roll_out,
    service,
    versions,
)

pytestmark = pytest.mark.integration


def test_it_is_what_the_deploy_step_asks_for(component):
    assert isinstance(component, KServeDeployer)
    assert isinstance(component, Deployer)


def test_a_version_answers_and_the_bucket_has_it_as_triton_reads_it(deployer, place):
    endpoint = roll_out(deployer)
    assert answering(endpoint) == "1"
    folder = f"1-{hashlib.sha256(survival_graph()).hexdigest()[:12]}"
    assert objects(place) == [
        f"{folder}/survival/1/golden.json",
        f"{folder}/survival/1/metadata.json",
        f"{folder}/survival/1/model.onnx",
        f"{folder}/survival/config.pbtxt",
    ]
    spec = service(place)["spec"]["predictor"]
    assert spec["model"]["storageUri"] == f"s3://models/artifacts/serving/survival/{folder}"
    assert spec["serviceAccountName"] == "switchyard-models"


def test_the_same_version_again_changes_nothing(deployer, place):
    first = roll_out(deployer)
    before, bucket = service(place), objects(place)
    assert roll_out(deployer) == first
    assert service(place)["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert objects(place) == bucket


def test_the_next_version_takes_over_at_the_same_url_and_the_one_before_stays_in_the_bucket(deployer, place, aged):
    first = roll_out(deployer)
    second = roll_out(deployer, version=2, bias=1.0)
    assert second.url == first.url
    assert answering(second) == "2"
    third = roll_out(deployer, version=3, bias=2.0)
    assert answering(third) == "3"
    assert versions(place) == ["2", "3"]
    (known,) = deployer.find_model_server(service_name="zenml-survival")
    assert known.config.model_version == "3"


def test_other_resources_for_the_same_version_are_rolled_out(deployer, place):
    roll_out(deployer, replicas=Replicas(min=1, max=3), resources=Resources(cpu=0.5, memory="512Mi"))
    spec = service(place)["spec"]["predictor"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 3)
    amounts = {"cpu": "0.5", "memory": "512Mi"}
    assert spec["model"]["resources"] == {"requests": amounts, "limits": amounts}
    roll_out(deployer)
    assert service(place)["metadata"]["generation"] == 2
    assert "resources" not in service(place)["spec"]["predictor"]["model"]


def test_an_endpoint_can_be_stopped_started_and_taken_up_by_the_next_run(deployer, place):
    endpoint = roll_out(deployer)
    assert "stopped" in stop_endpoint("survival")
    assert not client.live(endpoint.url)
    (known,) = deployer.find_model_server()
    assert not known.is_running

    deployer.start_model_server(known.uuid, timeout=60)
    assert client.live(endpoint.url)
    (known,) = deployer.find_model_server(running=True)

    deployer.stop_model_server(known.uuid, timeout=60)
    assert answering(roll_out(deployer)) == "1"


def test_what_is_deleted_leaves_nothing(deployer, place):
    endpoint = roll_out(deployer)
    (known,) = deployer.find_model_server()
    info = deployer.get_model_server_info(known)
    assert info["PREDICTION_URL"] == f"{endpoint.url}/v2/models/survival/infer"
    assert list(known.get_logs())  # there are no pods without a node: it says so
    deployer.delete_model_server(known.uuid)
    assert service(place) is None
    assert objects(place) == []
    assert deployer.find_model_server() == []


def test_with_knative_the_latest_revision_counts(deployer, place, settings):
    settings(mode="Knative")
    endpoint = roll_out(deployer, replicas=Replicas(min=0, max=2))
    assert answering(endpoint) == "1"
    assert service(place)["spec"]["predictor"]["minReplicas"] == 0
    assert answering(roll_out(deployer, version=2, bias=1.0)) == "2"


def test_no_replica_at_all_is_refused_without_knative(deployer, place):
    with pytest.raises(InputError, match=r"deployment\.replicas\.min is 0, but in mode Standard"):
        roll_out(deployer, replicas=Replicas(min=0, max=2))
    assert service(place) is None
    assert objects(place) == []


def test_a_gallery_beside_its_graph_is_refused(deployer, place):
    indexed = replace(model(), companions={"gallery.faiss": b"index"})
    with pytest.raises(SwitchyardError, match="kserve-tritonserver does not search: set KSERVE_RUNTIME=switchyard"):
        deployer.roll_out("survival", 1, indexed, golden_rows(model(), ROWS), Deployment())
    assert service(place) is None
    assert objects(place) == []


def test_batching_is_said_to_need_the_other_runtime(deployer, place):
    endpoint = roll_out(deployer, batching=Batching())
    assert endpoint.notice == (
        "deployment.batching is for KSERVE_RUNTIME=switchyard only: the runtime kserve-tritonserver got none"
    )
    assert not endpoint.predict_image
    assert "args" not in service(place)["spec"]["predictor"]["model"]


def test_what_a_roll_out_that_was_killed_has_left_is_taken_away(deployer, place, aged):
    roll_out(deployer)
    served = objects(place)
    storage.client(place.s3).put_object(Bucket="models", Key="artifacts/serving/survival/2-half/model.onnx", Body=b"")

    deployer.remove_unused_versions("survival")

    assert objects(place) == served


def test_what_another_run_has_just_written_and_does_not_serve_yet_is_left_alone(deployer, place):
    roll_out(deployer)
    storage.client(place.s3).put_object(Bucket="models", Key="artifacts/serving/survival/3-new/model.onnx", Body=b"")

    roll_out(deployer, version=2, bias=1.0)
    deployer.remove_unused_versions("survival")

    assert versions(place) == ["1", "2", "3"]


def test_nothing_is_taken_away_while_the_cluster_does_not_say_what_it_serves(deployer, place, settings):
    roll_out(deployer)
    served = objects(place)
    settings(kubernetes_context="nowhere")

    with pytest.raises(InputError):
        deployer.remove_unused_versions("survival")
    assert objects(place) == served


def test_what_is_retired_answers_no_more_and_can_be_rolled_out_again(deployer, place):
    assert deployer.serving("survival") is None
    deployer.retire("survival")  # nothing there: that is well
    first = roll_out(deployer)
    roll_out(deployer, version=2, bias=1.0)
    assert deployer.serving("survival") == 2

    deployer.retire("survival")

    assert (service(place), objects(place)) == (None, [])
    assert not client.live(first.url)
    assert deployer.find_model_server() == []
    assert deployer.serving("survival") is None
    assert answering(roll_out(deployer)) == "1"
    assert deployer.serving("survival") == 1


def test_a_version_that_was_applied_but_never_smoke_tested_is_not_what_serves(deployer, place):
    roll_out(deployer)
    uri = service(place)["spec"]["predictor"]["model"]["storageUri"]
    body = {"spec": {"predictor": {"model": {"storageUri": uri.replace("/1-", "/2-")}}}}
    kubernetes_client.CustomObjectsApi(place.api()).patch_namespaced_custom_object(*SERVICES, "survival", body)

    assert deployer.serving("survival") is None
