"""What a person sees in a browser: the reports, and ZenML's dashboard over the same store."""

from __future__ import annotations

import html
import json
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.fixtures.browser import browse, needs_chromium, outside

PAGES = ["evaluation", "validation"]


def report(project, what):
    """The file of the report of the project's last run."""
    uris = json.loads((project.root / ".switchyard" / "people.json").read_text())["outcome"]["artifacts"]
    return next(Path(uri) / "report.html" for uri in uris if f"people_{what}" in uri)


@needs_chromium
def test_the_browser_of_these_tests_notices_errors_and_requests(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<img src="http://elsewhere.invalid/a.png"><script>throw new Error("seen")</script>')

    _, console, wanted = browse(page.as_uri(), tmp_path / "profile", "--dump-dom")

    assert any("seen" in line for line in console)
    assert outside(wanted) == ["http://elsewhere.invalid/a.png"]


@needs_chromium
@pytest.mark.parametrize("what", PAGES)
def test_a_report_opens_without_an_error_and_without_the_network(project, tmp_path, what):
    dom, console, wanted = browse(report(project, what).as_uri(), tmp_path, "--dump-dom")

    assert {"evaluation": "Hyperparameters", "validation": "The data keeps its contract"}[what] in dom
    assert console == []
    assert outside(wanted) == []


@needs_chromium
@pytest.mark.parametrize("what", PAGES)
def test_a_report_fits_a_telephone(project, tmp_path, what):
    # A headless window is at least 500 pixels wide; a frame is as wide as it says.
    page = html.escape(report(project, what).read_text())
    measure = (
        "const r = f.contentDocument.documentElement; document.title = r.scrollWidth > r.clientWidth ? 'wide' : 'fits'"
    )
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" width="390" height="800" style="border: 0" srcdoc="{page}"></iframe>'
        f"<script>const f = document.getElementById('f'); f.onload = () => {{ {measure} }}</script>"
    )

    dom, _, _ = browse(frame.as_uri(), tmp_path / "profile", "--dump-dom")

    assert "<title>fits</title>" in dom


@pytest.fixture(scope="module")
def dashboard(project):
    """The address of a ZenML server over the project's store, without accounts as `zenml login --local` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = f"sqlite:///{project.home}/local_stores/default_zen_store/zenml.db"
    server = project.start(
        *("-m", "uvicorn", "zenml.zen_server.zen_server_api:app", "--host", "127.0.0.1", "--port", str(port)),
        program=(),
        ZENML_SERVER_AUTH_SCHEME="NO_AUTH",
        ZENML_SERVER_DEPLOYMENT_TYPE="local",
        ZENML_SERVER_ALLOW_LOCAL_FILE_ACCESS="true",
        ZENML_STORE_TYPE="sql",
        ZENML_STORE_URL=store,
        ZENML_LOCAL_STORES_PATH=str(project.home / "local_stores"),
    )
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(f"{url}/health", timeout=2).status == 200
        except OSError:
            return False

    try:
        server.wait_for(answers)
        yield url
    finally:
        server.process.terminate()
        server.process.communicate(timeout=30)


def ask(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("what", PAGES)
def test_the_dashboard_shows_the_report_of_the_run(project, dashboard, what):
    newest = ask(f"{dashboard}/api/v1/artifact_versions?artifact=people_{what}&sort_by=desc:created&size=1")["items"][0]

    shown = ask(f"{dashboard}/api/v1/artifact_versions/{newest['id']}/visualize?index=0")

    assert shown["type"] == "html"
    assert shown["value"] == (report(project, what)).read_text()


def test_the_dashboard_asks_for_no_name_and_no_mail_address(dashboard):
    user = ask(f"{dashboard}/api/v1/current-user")

    assert user["body"]["email_opted_in"] is False
    assert user["metadata"]["user_metadata"]["finished_onboarding_survey"] is True


def test_a_run_whose_evaluation_came_from_the_cache_has_its_figures_in_mlflow(project):
    again = project.run("--stack", "local", "--config", "people", "--rerun")
    assert again.steps()["evaluate"] == "cached", again.err

    (database,) = project.home.glob("local_stores/*/mlflow.db")
    code = f"""
import mlflow
client = mlflow.MlflowClient("sqlite:///{database}")
experiment = client.get_experiment_by_name("people").experiment_id
newest = client.search_runs([experiment], max_results=1)[0]
print(newest.data.params["best"], newest.data.metrics["test_roc_auc"] > 0.5)
"""

    assert project.ask(code) == "logistic True"
