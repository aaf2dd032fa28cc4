"""The image of the steps: built from the lock, pushed once, used by digest, without root and without the project."""

from __future__ import annotations

import argparse
import subprocess
import time

import pytest
import requests
import yaml
from fsspec.implementations.local import LocalFileSystem

from commands.image import call as image_command
from rehearsal.docker import dockerd, project_recipe, registry
from rehearsal.kserve.serving_runtimes import container, placed
from rehearsal.processes import free_port
from rehearsal.programs import program
from stacks.deployers.kserve.server_archive import server_archive
from stacks.deployers.kserve.serving_runtime import serving_runtime
from stacks.deployers.kserve.storage import ModelStorage
from stacks.step_image.build import Recipe, build_and_push
from stacks.step_image.reference import image_reference
from stacks.step_image.tag import image_tag
from switchyard.errors import InputError, SwitchyardError
from switchyard.project import ROOT
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.engine.test_indexed_gallery import indexed
from tests.serving.image_models import frame, searcher

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A registry beside a docker daemon."""
    with dockerd(), registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="module")
def pushed(host):
    return build_and_push(f"{host}/team", project_recipe())


def inside(image, *command):
    """What a command prints in the image, which has no network."""
    run = [program("docker"), "run", "--rm", "--network", "none", image, *command]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()


def wait_until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("not within 60 s")


def test_it_is_used_by_digest(host, pushed):
    assert pushed.built
    assert pushed.reference.startswith(f"{host}/team/switchyard@sha256:")
    assert image_reference(f"{host}/team") == pushed.reference


def test_it_is_pushed_once(host, pushed):
    again = build_and_push(f"{host}/team", project_recipe())
    assert not again.built
    assert again.reference == pushed.reference


def test_no_step_is_root(pushed):
    assert int(inside(pushed.reference, "id", "-u")) != 0


def test_it_has_what_steps_import_and_no_cuda(pushed):
    imports = "import zenml, mlflow, sklearn, onnxruntime, polars, s3fs, kubernetes, torch; print(torch.version.cuda)"
    assert inside(pushed.reference, "python", "-c", imports) == "None"
    ask = "import importlib.metadata as m; print(*(f'{each}=={m.version(each)}' for each in ('zenml', 'polars')))"
    assert set(inside(pushed.reference, "python", "-c", ask).split()) <= set(
        (ROOT / "requirements.lock").read_text().split()
    )


def test_nothing_of_the_project_is_in_it(pushed):
    """Code comes through the artifact store, so a change of code builds nothing."""
    search = "find / -xdev -name run.py -o -xdev -name titanic.csv -o -xdev -name .env; true"
    found = inside(pushed.reference, "sh", "-c", search).splitlines()
    assert [line for line in found if "site-packages" not in line] == []


def test_as_our_own_runtime_it_serves_a_gallery_beside_its_graph_and_ends_when_told(pushed, tmp_path):
    """As the first process of a container that may write nowhere."""
    model, rows, port = indexed(), frame(3, mode="L"), free_port()
    storage = ModelStorage(LocalFileSystem(auto_mkdir=True), str(tmp_path))
    folder, _ = storage.write("faces", 1, model, golden_rows(model, rows), server_archive())
    manifest = yaml.safe_load(serving_runtime("ml", pushed.reference))
    server = placed(container(manifest["spec"], {}), port)
    assert server["securityContext"]["readOnlyRootFilesystem"]
    options = ["--network", "host", "--cap-drop", "ALL", "--read-only", "--volume", f"{folder}:/mnt/models:ro"]
    command = [program("docker"), "run", "--detach", *options, server["image"], *server["command"], *server["args"]]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        wait_until(lambda: client.ready(f"http://127.0.0.1:{port}"))
        url, headers = f"http://127.0.0.1:{port}/v2/models/faces/predict-image", {"Content-Type": "image/png"}
        answer = requests.post(url, rows["image"][0], headers=headers, timeout=30).json()
        assert [near["row"] for near in answer["neighbours"]] == searcher().run(rows)["neighbours"][0].tolist()
        subprocess.run([program("docker"), "stop", "--time", "20", name], capture_output=True, check=True)
        ended = subprocess.run(
            [program("docker"), "inspect", "--format", "{{.State.ExitCode}}", name],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ended.stdout.strip() == "0"
    finally:
        subprocess.run([program("docker"), "rm", "--force", name], capture_output=True, check=False)


def test_its_tag_is_the_locks_and_not_the_codes(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text((ROOT / "requirements.lock").read_text())
    assert image_tag(lock) == image_tag()
    lock.write_text(lock.read_text() + "one-more==1.0\n")
    assert image_tag(lock) != image_tag()


def test_a_lock_without_an_image_says_which_command_makes_it(host):
    with pytest.raises(SwitchyardError, match=r"no image for this requirements.lock; .*python run.py image"):
        image_reference(f"{host}/other")


def test_a_registry_that_is_away_is_said_before_anything_is_built():
    with pytest.raises(SwitchyardError, match="cannot be reached"):
        build_and_push(f"127.0.0.1:{free_port()}/team", Recipe())


def test_the_command_wants_a_registry(monkeypatch):
    monkeypatch.delenv("REGISTRY", raising=False)
    with pytest.raises(InputError, match=r"set REGISTRY in \.env, or give --registry"):
        image_command(argparse.Namespace(registry=None, base="", platform="linux/amd64", force=False))
