"""The checks of registry and image, green and red, against Debian's docker-registry."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bcrypt
import pytest
import requests

from rehearsal.docker import Unavailable, registry
from stacks.doctor import container_registry, image
from stacks.step_image.tag import NAME, image_tag
from switchyard.errors import SwitchyardError
from tests.stacks.doctor.conftest import target

_CONFIG, _MANIFEST = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.manifest.v1+json"


@contextmanager
def started(*given):
    """A registry, or a skip where the program is missing."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(registry(*given))
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield host


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with started(tmp_path_factory.mktemp("registry")) as host:
        yield host


def push(host, repository, tag, python="3.11.9"):
    """An image without a layer; what matters here is that it is there, and what it says."""
    config = json.dumps({"config": {"Env": [f"PYTHON_VERSION={python}"]}, "rootfs": {"type": "layers", "diff_ids": []}})
    digest = f"sha256:{hashlib.sha256(config.encode()).hexdigest()}"
    base = f"http://{host}/v2/{repository}"
    place = requests.post(f"{base}/blobs/uploads/", timeout=10).headers["Location"]
    requests.put(f"{place}&digest={digest}", data=config, timeout=10).raise_for_status()
    described = {"mediaType": _CONFIG, "digest": digest, "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": []}
    answer = requests.put(
        f"{base}/manifests/{tag}", json.dumps(manifest), headers={"Content-Type": _MANIFEST}, timeout=10
    )
    answer.raise_for_status()
    return answer.headers["Docker-Content-Digest"]


def uploads(folder):
    """Those that could be gone on with; of one that was given up, this registry keeps empty folders."""
    return list(folder.rglob("_uploads/*/startedat"))


def test_a_registry_that_takes_images_keeps_nothing_of_the_probe(tmp_path):
    with started(tmp_path) as host:
        found = container_registry.look(target(REGISTRY=f"{host}/team"))

        assert found.state == "ok", found
        assert uploads(tmp_path) == []
        assert requests.get(f"http://{host}/v2/_catalog", timeout=10).json()["repositories"] in ([], [f"team/{NAME}"])


def test_a_registry_with_a_login(tmp_path, monkeypatch):
    password = bcrypt.hashpw(b"the-password", bcrypt.gensalt(4)).decode()
    with started(tmp_path / "registry", f"me:{password}\n") as host:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with pytest.raises(SwitchyardError, match=f"docker login {host}"):
            container_registry.look(target(REGISTRY=f"{host}/team"))

        auth = base64.b64encode(b"me:the-password").decode()
        Path(tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        assert container_registry.look(target(REGISTRY=f"{host}/team")).state == "ok"


def test_nobody_answers(unused):
    for check in (container_registry, image):
        with pytest.raises(SwitchyardError, match=f"registry {unused}: cannot be reached"):
            check.look(target(REGISTRY=f"{unused}/team"))


def test_the_image_of_the_lock(host):
    with pytest.raises(SwitchyardError, match=r"no image for this requirements.lock.*python run.py image"):
        image.look(target(REGISTRY=f"{host}/lock"))

    digest = push(host, f"lock/{NAME}", image_tag())
    found = image.look(target(REGISTRY=f"{host}/lock"))

    assert (found.state, found.seen) == ("ok", f"{host}/lock/{NAME}@{digest}, Python 3.11.9")


def test_an_image_of_another_python(host):
    push(host, f"old/{NAME}", image_tag(), python="3.10.1")

    found = image.look(target(REGISTRY=f"{host}/old"))

    assert found.state == "failed"
    assert "Python 3.10.1" in found.seen


def test_an_image_that_is_named(host):
    digest = push(host, "mine/steps", "v1")

    for named in (f"{host}/mine/steps:v1", f"{host}/mine/steps@{digest}", f"{host}/mine/steps:v1@{digest}"):
        assert image.look(target(SWITCHYARD_IMAGE=named)).state == "ok"
        assert container_registry.look(target(SWITCHYARD_IMAGE=named)).state == "skipped"
    for missing in (f"{host}/mine/steps:v2", f"{host}/mine/other@{digest}"):
        with pytest.raises(SwitchyardError, match=r"no such image.*SWITCHYARD_IMAGE"):
            image.look(target(SWITCHYARD_IMAGE=missing))
