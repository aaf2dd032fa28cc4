"""The ways into KFP: each is refused without what it needs, and let in with it."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import yaml

from rehearsal.kfp.access import Access
from rehearsal.kfp.server import running
from stacks.orchestrators.kubeflow.api import KfpApi, KfpUnreachableError
from stacks.orchestrators.kubeflow.config import KubeflowConfig
from switchyard.errors import SwitchyardError
from tests.stacks.orchestrators.kubeflow.conftest import Tasks


def experiments(**settings):
    api = KfpApi(KubeflowConfig(namespace="team", **settings))
    return api.experiment("titanic", api.namespace())


def test_a_bearer_token_lets_in(tmp_path):
    with running(tmp_path, Tasks(), access=Access(token="right")) as url:
        assert experiments(url=url, token="right")
        with pytest.raises(SwitchyardError, match=r"does not accept the credentials \(401\); set KFP_TOKEN"):
            experiments(url=url, token="wrong")
        with pytest.raises(SwitchyardError, match="401"):
            experiments(url=url)


def test_a_token_file_is_read_anew_for_every_request(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    for file in (there, here):
        file.write_text("first\n")
    with running(tmp_path / "state", Tasks(), access=Access(token_file=there)) as url:
        api = KfpApi(KubeflowConfig(url=url, token_file=str(here)))
        api.experiment("titanic", None)
        there.write_text("second")
        with pytest.raises(SwitchyardError, match="401"):
            api.experiment("titanic", None)
        here.write_text("second")  # as the kubelet does
        api.experiment("titanic", None)


def test_a_session_cookie_lets_in(tmp_path):
    with running(tmp_path, Tasks(), access=Access(cookie="authservice_session=abc")) as url:
        assert experiments(url=url, cookie="authservice_session=abc")
        with pytest.raises(SwitchyardError, match="KFP_COOKIE"):
            experiments(url=url, cookie="authservice_session=old")


def test_the_namespace_is_told_to_a_kfp_of_many_users_only(tmp_path):
    with running(tmp_path / "many", Tasks(), access=Access(namespaces=("team",))) as url:
        assert experiments(url=url)
    with running(tmp_path / "one", Tasks()) as url:
        assert experiments(url=url)


def test_a_foreign_namespace_is_refused_with_the_reason(tmp_path):
    with running(tmp_path, Tasks(), access=Access(namespaces=("others",))) as url, pytest.raises(SwitchyardError):
        experiments(url=url)


@pytest.mark.parametrize(("field", "variable"), [("token_file", "KFP_TOKEN_FILE"), ("ca_bundle", "KFP_CA_BUNDLE")])
def test_a_file_that_is_not_there_is_named(field, variable, tmp_path):
    with pytest.raises(SwitchyardError, match=f"{field} of the orchestrator is .*correct {variable}"):
        KfpApi(KubeflowConfig(url="https://kfp.example.com", **{field: str(tmp_path / "none")}))


def test_a_page_of_html_is_no_reason_to_show_it():
    with proxy("127.0.0.1", 9, broken=True) as url, pytest.raises(KfpUnreachableError) as caught:
        KfpApi(KubeflowConfig(url=url)).namespace()

    assert "502" in str(caught.value)
    assert "<html>" not in str(caught.value)


def test_without_a_url_the_kubernetes_api_forwards(tmp_path, monkeypatch):
    with running(tmp_path / "state", Tasks()) as url, proxy("127.0.0.1", urlsplit(url).port) as kubernetes:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, kubernetes)))
        assert experiments(kubernetes_context="team")
        with pytest.raises(SwitchyardError, match="context other of the kubeconfig cannot be used"):
            experiments(kubernetes_context="other")


def kubeconfig(folder, server):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "of-the-kubeconfig"}}],
        "contexts": [{"name": "team", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "team",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


class proxy:  # noqa: N801
    """As the Kubernetes API forwards to a service: the path in front is taken off, and a token is asked for."""

    prefix = "/api/v1/namespaces/kubeflow/services/ml-pipeline:http/proxy"

    def __init__(self, host, port, broken=False):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if broken or self.headers["authorization"] != "Bearer of-the-kubeconfig":
                    return self.answer(502 if broken else 401, b"<html>Bad Gateway</html>")
                behind = http.client.HTTPConnection(host, port)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {key: value for key, value in self.headers.items() if key.lower() == "content-type"}
                behind.request(self.command, self.path.removeprefix(outer.prefix), body, headers)
                response = behind.getresponse()
                return self.answer(response.status, response.read())

            do_POST = do_GET  # noqa: N815

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
