"""The MLflow server: reachable, signed in, and an experiment and a run can be created and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from requests import Response

_SECONDS = 10.0
_PROBE = "switchyard-doctor"
_LOGIN = "set MLFLOW_USERNAME and MLFLOW_PASSWORD, or MLFLOW_TOKEN"


def look(target: Target) -> Finding | None:
    """Creates a run in an experiment of the doctor's own, and deletes both."""
    settings = target.settings("experiment_tracker")
    url = str(settings.get("tracking_uri") or "")
    if not url.startswith("http"):
        return None
    server = _Server(url, settings)
    server.ask("GET", "experiments/search", {"max_results": 1})
    experiment = _experiment(server)
    try:
        run = server.ask("POST", "runs/create", {"experiment_id": experiment, "run_name": "probe"})["run"]["info"]
        server.ask("POST", "runs/delete", {"run_id": run["run_id"]})
    finally:
        server.ask("POST", "experiments/delete", {"experiment_id": experiment})
    return _artifacts(server, str(run["artifact_uri"]))


def _experiment(server: _Server) -> str:
    """The doctor's experiment. MLflow keeps what is deleted and its name, so the one of the last time comes back."""
    try:
        found = server.ask("GET", "experiments/get-by-name", {"experiment_name": _PROBE})["experiment"]
    except _MissingError:
        return str(server.ask("POST", "experiments/create", {"name": _PROBE})["experiment_id"])
    if found["lifecycle_stage"] == "deleted":
        server.ask("POST", "experiments/restore", {"experiment_id": found["experiment_id"]})
    return str(found["experiment_id"])


def _artifacts(server: _Server, uri: str) -> Finding:
    """Clients write a run's files themselves, unless the server takes them."""
    if uri.startswith(("/", "file:")):
        return failed(
            f"MLflow {server.version()} at {server.url} keeps the files of runs in {uri}, which no pod can write to",
            "start it with --artifacts-destination, so that it takes them",
        )
    direct = "" if uri.startswith(("mlflow-artifacts:", "http")) else f"; pods write files straight to {uri}"
    return ok(f"{server.version()} at {server.url}, a run was created and deleted{direct}")


class _MissingError(SwitchyardError):
    """MLflow has no such thing."""


class _Server:
    def __init__(self, url: str, settings: dict[str, Any]) -> None:
        self.url = url.rstrip("/")
        user, token = settings.get("tracking_username"), settings.get("tracking_token")
        self._auth = (str(user), str(settings.get("tracking_password"))) if user else None
        self._headers = {"Authorization": f"Bearer {token}"} if token and not user else {}
        self._verify = not settings.get("tracking_insecure_tls", False)

    def version(self) -> str:
        answer = self._send("GET", f"{self.url}/version", {})
        return answer.text.strip() if answer.ok and len(answer.text) < 30 else "of an unknown version"

    def ask(self, method: str, what: str, values: dict[str, Any]) -> dict[str, Any]:
        answer = self._send(method, f"{self.url}/api/2.0/mlflow/{what}", values)
        try:
            told: dict[str, Any] = dict(answer.json())
        except ValueError:
            told = {}
        if answer.ok and told is not None and "json" in answer.headers.get("Content-Type", ""):
            return told
        raise self._refusal(answer, what, told)

    def _refusal(self, answer: Response, what: str, told: dict[str, Any]) -> SwitchyardError:
        if answer.status_code in (401, 403):
            if what == "experiments/search" or answer.status_code == 401:
                return SwitchyardError(
                    f"MLflow at {self.url} does not let this login in (HTTP {answer.status_code}); {_LOGIN}"
                )
            return SwitchyardError(
                f"MLflow at {self.url} does not allow {what} (HTTP 403); give this user the right to edit"
            )
        if told.get("error_code") == "RESOURCE_DOES_NOT_EXIST":
            return _MissingError(f"MLflow at {self.url} has no such thing")
        if told.get("error_code"):
            return SwitchyardError(
                f"MLflow at {self.url} refuses {what} ({told['error_code']}: {told.get('message')}); see its log"
            )
        return SwitchyardError(
            f"what answers at {self.url} is not MLflow's API (HTTP {answer.status_code}); correct MLFLOW_URL, or if a "
            f"login page stands before it, {_LOGIN}"
        )

    def _send(self, method: str, url: str, values: dict[str, Any]) -> Response:
        import requests

        sent = {"params": values} if method == "GET" else {"json": values}
        try:
            return requests.request(
                method,
                url,
                auth=self._auth,
                headers=self._headers,
                timeout=_SECONDS,
                verify=self._verify,
                **sent,  # type: ignore[arg-type]
            )
        except requests.exceptions.SSLError as error:
            raise SwitchyardError(
                f"the certificate of MLflow at {self.url} is not trusted; point REQUESTS_CA_BUNDLE to a file with its "
                "certificate authority"
            ) from error
        except requests.RequestException as error:
            raise SwitchyardError(
                f"MLflow at {self.url} cannot be reached ({type(error).__name__}); start it, or correct MLFLOW_URL"
            ) from error
