"""What is asked of KFP's API, with errors that say what to do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from stacks.orchestrators.kubeflow.client import connect
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    import kfp_server_api

    from stacks.orchestrators.kubeflow.config import KubeflowConfig

Answer = TypeVar("Answer")

_SECONDS = (5, 30)  # to connect, to answer
_EVERY_PAGE = 100


class KfpUnreachableError(SwitchyardError):
    """KFP did not answer, or answered that it cannot now: worth another try."""


class KfpMissingError(SwitchyardError):
    """KFP has no such thing."""


class KfpApi:
    """One KFP.

    Args:
        config: Of the orchestrator.
    """

    def __init__(self, config: KubeflowConfig) -> None:
        """Prepares the way in; nothing is asked yet."""
        import kfp_server_api

        self._client = connect(config)
        self.url: str = self._client.configuration.host
        self._namespace = config.namespace
        self._runs = kfp_server_api.RunServiceApi(self._client)
        self._experiments = kfp_server_api.ExperimentServiceApi(self._client)
        self._pipelines = kfp_server_api.PipelineServiceApi(self._client)
        self._uploads = kfp_server_api.PipelineUploadServiceApi(self._client)
        self._recurring = kfp_server_api.RecurringRunServiceApi(self._client)
        self._health = kfp_server_api.HealthzServiceApi(self._client)

    def namespace(self) -> str | None:
        """The namespace to send along: a KFP for one user refuses to be told one."""
        multi_user = self._ask(self._health.healthz_service_get_healthz).multi_user
        return self._namespace if multi_user else None

    def check_runs(self, namespace: str | None) -> None:
        """Asks for one run, whichever; what comes back does not matter, only that it may be asked.

        Args:
            namespace: From `namespace()`.
        """
        self._ask(self._runs.run_service_list_runs, page_size=1, **_in(namespace))

    def experiment(self, name: str, namespace: str | None) -> str:
        """The id of the experiment of this name, which is created if there is none."""
        import kfp_server_api

        found = self._ask(
            self._experiments.experiment_service_list_experiments, **_named(name), **_in(namespace)
        ).experiments
        if found:
            return str(found[0].experiment_id)
        wanted = kfp_server_api.V2beta1Experiment(display_name=name, namespace=namespace)
        created = self._ask(self._experiments.experiment_service_create_experiment, experiment=wanted)
        return str(created.experiment_id)

    def upload(self, name: str, version: str, spec: str, namespace: str | None) -> tuple[str, str]:
        """Adds a version to the pipeline of this name, which is created if there is none.

        Args:
            name: Of the pipeline.
            version: Name of the version.
            spec: The YAML.
            namespace: From `namespace()`.

        Returns:
            The ids of the pipeline and of the version.
        """
        pipeline = self.pipeline(name, namespace)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{version}.yaml"
            file.write_text(spec)
            if pipeline is None:
                created = self._ask(
                    self._uploads.upload_pipeline, uploadfile=str(file), name=name, display_name=name, **_in(namespace)
                )
                pipeline = str(created.pipeline_id)
            added = self._ask(
                self._uploads.upload_pipeline_version,
                uploadfile=str(file),
                name=version,
                display_name=version,
                pipelineid=pipeline,
            )
        return pipeline, str(added.pipeline_version_id)

    def pipeline(self, name: str, namespace: str | None) -> str | None:
        """The id of the pipeline of this name, if there is one."""
        found = self._ask(self._pipelines.pipeline_service_list_pipelines, **_named(name), **_in(namespace)).pipelines
        return str(found[0].pipeline_id) if found else None

    def run(self, name: str, experiment: str, pipeline: str, version: str) -> str:
        """Starts a run of a pipeline's version.

        Args:
            name: Shown for the run.
            experiment: Its id.
            pipeline: Its id.
            version: Its id.

        Returns:
            The run's id.
        """
        import kfp_server_api

        wanted = kfp_server_api.V2beta1Run(
            display_name=name,
            experiment_id=experiment,
            pipeline_version_reference=_version(pipeline, version),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters={}),
        )
        return str(self._ask(self._runs.run_service_create_run, run=wanted).run_id)

    def get_run(self, run: str) -> kfp_server_api.V2beta1Run:
        """A run with its tasks.

        Raises:
            KfpMissingError: There is no such run.
        """
        return self._ask(self._runs.run_service_get_run, run_id=run)

    def terminate(self, run: str) -> None:
        """Ends a run."""
        self._ask(self._runs.run_service_terminate_run, run_id=run)

    def schedule(
        self,
        name: str,
        description: str,
        experiment: str,
        pipeline: str,
        version: str,
        trigger: dict[str, Any],
        catchup: bool,
    ) -> str:
        """Creates a recurring run, which is on from now.

        Args:
            name: Shown for it.
            description: Shown, too.
            experiment: Its id.
            pipeline: Its id.
            version: Its id.
            trigger: `cron_schedule` or `periodic_schedule` with their fields.
            catchup: Whether runs that were missed are made up for.

        Returns:
            The recurring run's id.
        """
        import kfp_server_api

        wanted = kfp_server_api.V2beta1RecurringRun(
            display_name=name,
            description=description,
            experiment_id=experiment,
            pipeline_version_reference=_version(pipeline, version),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters={}),
            mode=kfp_server_api.RecurringRunMode.ENABLE,
            max_concurrency="1",
            no_catchup=not catchup,
            trigger=kfp_server_api.V2beta1Trigger(**trigger),
        )
        created = self._ask(self._recurring.recurring_run_service_create_recurring_run, recurring_run=wanted)
        return str(created.recurring_run_id)

    def schedules(self, experiment: str | None, namespace: str | None) -> list[kfp_server_api.V2beta1RecurringRun]:
        """All recurring runs, or those of one experiment."""
        found: list[kfp_server_api.V2beta1RecurringRun] = []
        where = {"experiment_id": experiment} if experiment else _in(namespace)
        token = ""
        while True:
            page = self._ask(
                self._recurring.recurring_run_service_list_recurring_runs,
                page_size=_EVERY_PAGE,
                page_token=token,
                **where,
            )
            found += page.recurring_runs or []
            token = page.next_page_token or ""
            if not token:
                return found

    def get_schedule(self, schedule: str) -> kfp_server_api.V2beta1RecurringRun:
        """A recurring run.

        Raises:
            KfpMissingError: There is no such recurring run.
        """
        return self._ask(self._recurring.recurring_run_service_get_recurring_run, recurring_run_id=schedule)

    def pause(self, schedule: str) -> None:
        """Starts no more runs until `resume`."""
        self._ask(self._recurring.recurring_run_service_disable_recurring_run, recurring_run_id=schedule)

    def resume(self, schedule: str) -> None:
        """Starts runs again."""
        self._ask(self._recurring.recurring_run_service_enable_recurring_run, recurring_run_id=schedule)

    def delete_schedule(self, schedule: str) -> None:
        """Ends a recurring run for good; the runs that it has started stay."""
        self._ask(self._recurring.recurring_run_service_delete_recurring_run, recurring_run_id=schedule)

    def _ask(self, method: Callable[..., Answer], **arguments: object) -> Answer:
        import urllib3
        from kfp_server_api import ApiException

        try:
            return method(**arguments, _request_timeout=_SECONDS)
        except ApiException as error:
            raise _refused(self.url, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise KfpUnreachableError(
                f"Kubeflow Pipelines at {self.url} cannot be reached ({_short(reason)}); "
                "check KFP_URL and the network, or the port-forward"
            ) from error


def _named(name: str) -> dict[str, Any]:
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return {"filter": json.dumps({"predicates": [predicate]})}


def _in(namespace: str | None) -> dict[str, str]:
    return {"namespace": namespace} if namespace else {}


def _version(pipeline: str, version: str) -> kfp_server_api.V2beta1PipelineVersionReference:
    import kfp_server_api

    return kfp_server_api.V2beta1PipelineVersionReference(pipeline_id=pipeline, pipeline_version_id=version)


def _refused(url: str, error: kfp_server_api.ApiException) -> SwitchyardError:
    where = f"Kubeflow Pipelines at {url}"
    status, said = error.status or 0, _message(error)
    if status == 401:
        return SwitchyardError(
            f"{where} does not accept the credentials (401); set KFP_TOKEN, KFP_TOKEN_FILE or KFP_COOKIE anew"
        )
    if status == 403:
        return SwitchyardError(f"{where} forbids it (403: {said}); this account needs the right in the namespace")
    if status == 404:
        return KfpMissingError(f"{where} does not know it (404: {said})")
    if status == 0 or status == 429 or status >= 500:
        return KfpUnreachableError(
            f"{where} cannot answer now ({status}: {said}); try again, or see the log of ml-pipeline"
        )
    return SwitchyardError(f"{where} refused the request ({status}: {said})")


def _message(error: kfp_server_api.ApiException) -> str:
    """KFP's own words; a proxy in between answers with a page of HTML instead."""
    try:
        body = json.loads(error.body)
        said = body.get("message") or body.get("error") or ""
    except (TypeError, ValueError, AttributeError):
        said = ""
    return _short(said or error.reason or "no reason given")


def _short(reason: object) -> str:
    text = " ".join(str(reason).split())
    # urllib3 puts the address of its own connection object in front.
    text = text.rsplit(">: ", 1)[-1]
    return text if len(text) <= 300 else f"{text[:297]}..."
