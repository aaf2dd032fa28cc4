"""KFP's check, green and red, against the double of its API."""

from __future__ import annotations

import pytest

from rehearsal.kfp.access import Access
from rehearsal.kfp.server import running
from stacks.doctor import kubeflow_pipelines
from switchyard.errors import SwitchyardError
from tests.fixtures.s3_server import s3_server
from tests.stacks.doctor.conftest import target


def look(**variables):
    return kubeflow_pipelines.look(target(**variables))


@pytest.mark.parametrize(
    ("access", "way"),
    [
        (Access(), {}),
        (Access(token="the-token"), {"KFP_TOKEN": "the-token"}),
        (Access(cookie="session=the-cookie"), {"KFP_COOKIE": "session=the-cookie"}),
        (Access(token="the-token", namespaces=("ml",)), {"KFP_TOKEN": "the-token"}),
    ],
    ids=["open", "token", "cookie", "several users"],
)
def test_green(tmp_path, access, way):
    with running(tmp_path, access=access) as url:
        found = look(KFP_URL=url, **way)

    assert found.state == "ok", found
    assert url in found.seen
    assert "the-" not in found.seen


def test_a_token_from_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("the-token\n")
    with running(tmp_path / "kfp", access=Access(token="the-token")) as url:
        assert look(KFP_URL=url, KFP_TOKEN_FILE=str(file)).state == "ok"
    with pytest.raises(SwitchyardError, match=r"KFP_TOKEN_FILE"):
        look(KFP_URL=url, KFP_TOKEN_FILE=str(tmp_path / "missing"))


def test_a_token_that_is_not_accepted(tmp_path):
    with (
        running(tmp_path, access=Access(token="the-token")) as url,
        pytest.raises(SwitchyardError, match=r"401.*KFP_TOKEN"),
    ):
        look(KFP_URL=url, KFP_TOKEN="another")


def test_a_namespace_of_somebody_else(tmp_path):
    access = Access(token="the-token", namespaces=("theirs",))
    with running(tmp_path, access=access) as url, pytest.raises(SwitchyardError, match=r"403.*namespace"):
        look(KFP_URL=url, KFP_TOKEN="the-token")


def test_nobody_answers(unused):
    with pytest.raises(SwitchyardError, match=rf"{unused} cannot be reached .*KFP_URL"):
        look(KFP_URL=f"http://{unused}")


def test_something_else_answers():
    with s3_server() as other:
        try:
            found = look(KFP_URL=other.url)
            told = f"{found.state}: {found.seen}"
        except SwitchyardError as error:
            told = f"failed: {error}"

    assert told.startswith("failed")
    assert other.url in told
