"""Pipelines, experiments and lists, as the real client sees them; and what it is told when something is wrong."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from kfp_server_api import ApiException

from rehearsal.kfp.access import Access
from rehearsal.kfp.server import running
from tests.rehearsal.kfp.pipelines import client_of, compiled, ended, shell


def nothing():
    shell(script="exit 0")


def predicates(*listed):
    return json.dumps({"predicates": list(listed)})


def refusal(call, *args, **kwargs):
    """What the server answered to a call that it refused."""
    with pytest.raises(ApiException) as refused:
        call(*args, **kwargs)
    return refused.value.status, json.loads(refused.value.body)


def test_it_is_healthy(kfp_client):
    assert kfp_client.get_kfp_healthz().multi_user is False


def test_a_pipeline_is_uploaded_with_versions_and_deleted(kfp_client, tmp_path):
    package = str(compiled(nothing, tmp_path))
    pipeline = kfp_client.upload_pipeline(package, "uploaded", description="one of the tests")
    version = kfp_client.upload_pipeline_version(package, "second", pipeline_id=pipeline.pipeline_id)

    assert kfp_client.get_pipeline_id("uploaded") == pipeline.pipeline_id
    assert kfp_client.get_pipeline(pipeline.pipeline_id).description == "one of the tests"
    listed = kfp_client.list_pipeline_versions(pipeline.pipeline_id, sort_by="created_at").pipeline_versions
    assert {found.display_name for found in listed} == {"uploaded", "second"}
    found = kfp_client.get_pipeline_version(pipeline.pipeline_id, version.pipeline_version_id)
    assert found.pipeline_spec["pipelineInfo"] == {"name": "example"}

    status, body = refusal(kfp_client.upload_pipeline, package, "uploaded")
    assert (status, set(body)) == (409, {"error_message", "error_details"})
    status, body = refusal(kfp_client.delete_pipeline, pipeline.pipeline_id)
    assert status == 400 and "versions" in body["message"]
    for each in listed:
        kfp_client.delete_pipeline_version(pipeline.pipeline_id, each.pipeline_version_id)
    kfp_client.delete_pipeline(pipeline.pipeline_id)
    assert kfp_client.get_pipeline_id("uploaded") is None


def test_a_run_of_a_version_refers_to_it(kfp_client, tmp_path):
    pipeline = kfp_client.upload_pipeline(str(compiled(nothing, tmp_path)), "referred")
    version = kfp_client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions[0].pipeline_version_id
    experiment = kfp_client.create_experiment("of versions")
    run = kfp_client.run_pipeline(experiment.experiment_id, "run", pipeline_id=pipeline.pipeline_id, version_id=version)

    assert run.pipeline_version_reference.pipeline_version_id == version and run.pipeline_spec is None
    assert run.service_account == "pipeline-runner"
    assert ended(kfp_client, run.run_id).state == "SUCCEEDED"
    unknown = {"pipeline_id": pipeline.pipeline_id, "version_id": "unknown"}
    status, body = refusal(kfp_client.run_pipeline, experiment.experiment_id, "run", **unknown)
    assert status == 404 and body["code"] == 5 and "PipelineVersion unknown not found" in body["error"]


def test_parameters_are_checked_when_the_run_is_created(kfp_client, tmp_path):
    def pipeline(folder: str, more: str = ""):
        shell(script=f"touch {folder}/made")

    package = str(compiled(pipeline, tmp_path))

    def create(arguments):
        return kfp_client.create_run_from_pipeline_package(package, arguments=arguments)

    assert "folder is not optional" in refusal(create, {})[1]["message"]
    assert "not required by the pipeline: other" in refusal(create, {"folder": "", "other": 1})[1]["message"]
    assert ended(kfp_client, create({"folder": str(tmp_path)}).run_id).state == "SUCCEEDED"
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "no pipeline package"),
        ("pipelineInfo: {name: Wrong Name}\nschemaVersion: 2.1.0\nroot: {dag: {tasks: {}}}", "lowercase alphanumeric"),
        ("pipelineInfo: {name: right}\nschemaVersion: 2.1.0\nroot: {}", "root dag is empty"),
        (
            "pipelineInfo: {name: right}\nschemaVersion: 2.1.0\n"
            "root: {dag: {tasks: {step: {componentRef: {name: comp-step}}}}}",
            'component spec for "comp-step" not found',
        ),
    ],
)
def test_what_is_no_package_is_refused(kfp_url, content, reason):
    answer = requests.post(
        f"{kfp_url}/apis/v2beta1/pipelines/upload?name=broken", files={"uploadfile": ("p.yaml", content)}, timeout=10
    )

    assert answer.status_code == 400 and reason in answer.json()["error_message"]


def test_errors_look_as_those_of_the_real_server(kfp_client, kfp_url):
    status, body = refusal(kfp_client.get_run, "unknown")

    assert status == 404
    assert body["code"] == 5 and body["error"] == body["message"] and "Run unknown not found" in body["message"]
    assert body["details"][0]["@type"] == "type.googleapis.com/google.rpc.Status"
    assert requests.get(f"{kfp_url}/apis/v2beta1/nothing", timeout=10).json()["code"] == 5


def test_experiments_have_unique_names_and_can_be_archived(kfp_client):
    made = kfp_client.create_experiment("experiment", description="said")

    assert kfp_client.create_experiment("experiment").experiment_id == made.experiment_id
    assert kfp_client.get_experiment(experiment_name="EXPERIMENT").description == "said"
    status, body = refusal(
        kfp_client._experiment_api.experiment_service_create_experiment, {"display_name": "experiment"}
    )
    assert status == 409 and body["code"] == 6
    kfp_client.archive_experiment(made.experiment_id)
    assert kfp_client.get_experiment(made.experiment_id).storage_state == "ARCHIVED"
    kfp_client.unarchive_experiment(made.experiment_id)
    assert kfp_client.get_experiment(made.experiment_id).storage_state == "AVAILABLE"
    with pytest.raises(ValueError, match="No experiment is found"):
        kfp_client.get_experiment(experiment_name="another")


@pytest.fixture(scope="module")
def listed(kfp_client, tmp_path_factory):
    """Five runs in an experiment of their own, one of them failed and one archived."""
    folder = tmp_path_factory.mktemp("listed")

    def broken():
        shell(script="exit 1")

    experiment = kfp_client.create_experiment("listed").experiment_id
    packages = [compiled(nothing, folder), compiled(broken, folder, "broken")]
    runs = {}
    for name in ["a", "b", "c", "d", "e"]:
        package = str(packages[name == "c"])
        runs[name] = kfp_client.run_pipeline(experiment, f"run {name}", pipeline_package_path=package).run_id
    for run_id in runs.values():
        ended(kfp_client, run_id)
    kfp_client.archive_run(runs["e"])
    return experiment, runs


@pytest.mark.parametrize(
    ("predicate", "names"),
    [
        ({"operation": "EQUALS", "key": "state", "stringValue": "FAILED"}, "c"),
        ({"operation": 1, "key": "display_name", "stringValue": "RUN A"}, "a"),
        ({"operation": "NOT_EQUALS", "key": "storage_state", "string_value": "ARCHIVED"}, "abcd"),
        ({"operation": "IN", "key": "display_name", "stringValues": {"values": ["run b", "run d"]}}, "bd"),
        ({"operation": "IS_SUBSTRING", "key": "display_name", "stringValue": "n e"}, "e"),
        ({"operation": "GREATER_THAN", "key": "created_at", "timestampValue": "2000-01-01T00:00:00Z"}, "abcde"),
        ({"operation": "LESS_THAN", "key": "created_at", "timestampValue": "2000-01-01T00:00:00+02:00"}, ""),
    ],
)
def test_runs_are_filtered(kfp_client, listed, predicate, names):
    experiment, _ = listed
    found = kfp_client.list_runs(experiment_id=experiment, page_size=50, filter=predicates(predicate))

    assert sorted(run.display_name for run in found.runs or []) == [f"run {name}" for name in names]
    assert (found.total_size or 0) == len(names)


def test_runs_come_in_pages_which_stay_whole_while_runs_are_added(kfp_client, listed, tmp_path):
    experiment, runs = listed
    order = "display_name desc"
    first = kfp_client.list_runs(experiment_id=experiment, page_size=2, sort_by=order)
    added = kfp_client.run_pipeline(experiment, "run z", pipeline_package_path=str(compiled(nothing, tmp_path)))
    second = kfp_client.list_runs(experiment_id=experiment, page_size=2, page_token=first.next_page_token)
    third = kfp_client.list_runs(experiment_id=experiment, page_size=2, page_token=second.next_page_token)
    ended(kfp_client, added.run_id)
    kfp_client.delete_run(added.run_id)

    assert [run.display_name[-1] for page in (first, second, third) for run in page.runs] == ["e", "d", "c", "b", "a"]
    assert first.total_size == len(runs) and not third.next_page_token


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sort_by": "colour"}, "Invalid sorting field"),
        ({"page_token": "nonsense"}, "Invalid package token"),
        ({"filter": "nonsense"}, "failed to parse valid filter"),
        ({"filter": predicates({"operation": "EQUALS", "key": "colour", "stringValue": "x"})}, "unrecognized field"),
        ({"filter": predicates({"operation": "IN", "key": "state", "stringValue": "x"})}, "cannot use operator IN"),
    ],
)
def test_a_wrong_list_request_is_refused(kfp_client, options, reason):
    status, body = refusal(kfp_client.list_runs, **options)

    assert status == 400 and reason in body["message"]


def test_a_bearer_token_is_asked_for_and_read_anew(tmp_path):
    (tmp_path / "token").write_text("first\n")
    with running(tmp_path / "state", access=Access(token_file=tmp_path / "token", cookie="session=abc")) as url:
        assert client_of(url, existing_token="first", namespace="ml").list_experiments().experiments
        assert client_of(url, cookies="session=abc", namespace="ml").list_experiments().experiments
        (tmp_path / "token").write_text("second\n")
        status, body = refusal(client_of(url, existing_token="first", namespace="ml").list_experiments)

    assert status == 401 and body["code"] == 16


def test_a_multi_user_installation_asks_for_a_namespace_of_the_caller(tmp_path):
    with running(tmp_path, access=Access(namespaces=("team",))) as url:
        client = client_of(url, namespace="team")
        made = client.create_experiment("experiment", namespace="team")
        names = {found.display_name for found in client.list_experiments(namespace="team").experiments}
        package = str(compiled(nothing, tmp_path))
        run = ended(client, client.run_pipeline(made.experiment_id, "run", pipeline_package_path=package).run_id)
        foreign = refusal(client.list_experiments, namespace="others")
        missing = requests.get(f"{url}/apis/v2beta1/experiments", timeout=10)

    assert made.namespace == "team" and names == {"Default", "experiment"} and run.state == "SUCCEEDED"
    assert foreign[0] == 403 and "PermissionDenied" in foreign[1]["message"]
    assert missing.status_code == 400 and "Namespace" in missing.json()["message"]


def test_times_are_those_of_the_real_server_while_a_run_goes_on(kfp_client, tmp_path):
    def waits():
        shell(script=f"until [ -e {tmp_path}/go ]; do sleep 0.1; done")

    run_id = kfp_client.create_run_from_pipeline_package(str(compiled(waits, tmp_path))).run_id
    going = kfp_client.get_run(run_id)
    (tmp_path / "go").touch()
    finished = ended(kfp_client, run_id)

    assert going.finished_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert timedelta(0) <= finished.finished_at - finished.created_at < timedelta(hours=1)
