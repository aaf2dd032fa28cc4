"""Recurring runs, triggered as Kubeflow's controller of ScheduledWorkflows does."""

from __future__ import annotations

import logging
import threading
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal.kfp import clock
from rehearsal.kfp.cron import Cron
from rehearsal.kfp.errors import INVALID, ApiError, not_found
from rehearsal.kfp.nodes import workflow_name
from rehearsal.kfp.runs import Runs
from rehearsal.kfp.store import Document, Store

_TICK = 0.25
_log = logging.getLogger(__name__)


class Scheduler:
    """All recurring runs, and the thread that starts their runs."""

    def __init__(self, store: Store, runs: Runs) -> None:
        self._store = store
        self._runs = runs
        self._stopped = threading.Event()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._watch, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begins to trigger."""
        self._thread.start()

    def close(self) -> None:
        """Ends the triggering."""
        self._stopped.set()
        self._thread.join()

    def create(self, given: Document) -> Document:
        """Adds a recurring run.

        Raises:
            ApiError: It cannot be.
        """
        if not given.get("display_name"):
            raise ApiError(INVALID, "Invalid input error: Recurring run's name cannot be empty")
        concurrency = int(given.get("max_concurrency") or 0)
        if not 1 <= concurrency <= 10:
            raise ApiError(
                INVALID,
                "Invalid input error: Max concurrency of a recurring run must be at leas 1 and at most 10. "
                f"Received {concurrency}",
            )
        _check(given.get("trigger", {}))
        package, source = self._runs.package(given)
        experiment = self._runs.experiment(given.get("experiment_id", ""))
        now = clock.now()
        enabled = given.get("mode") == "ENABLE"
        recurring = {
            "recurring_run_id": str(uuid.uuid4()),
            "display_name": given["display_name"],
            "description": given.get("description", ""),
            "experiment_id": experiment["experiment_id"],
            "namespace": experiment["namespace"],
            "runtime_config": given.get("runtime_config", {}),
            "service_account": given.get("service_account", ""),
            "max_concurrency": str(concurrency),
            "no_catchup": bool(given.get("no_catchup")),
            "trigger": given["trigger"],
            "mode": "ENABLE" if enabled else "DISABLE",
            "status": "ENABLED" if enabled else "DISABLED",
            "created_at": now,
            "updated_at": now,
            **source,
            "_name": workflow_name(given["display_name"].lower()[:25].replace(" ", "-"), uuid.uuid4().hex[:5]),
            "_package": package.document(),
            "_last": None,
            "_index": 0,
        }
        self._store.put("recurring", recurring["recurring_run_id"], recurring)
        return recurring

    def get(self, identifier: str) -> Document:
        """A recurring run.

        Raises:
            ApiError: There is none.
        """
        found = self._store.get("recurring", identifier)
        if found is None:
            raise not_found("Recurring run", identifier)
        return found

    def switch(self, identifier: str, enabled: bool) -> None:
        """Pauses a recurring run, or lets it go on."""
        self.get(identifier)
        changes = {
            "mode": "ENABLE" if enabled else "DISABLE",
            "status": "ENABLED" if enabled else "DISABLED",
            "updated_at": clock.now(),
        }
        with self._lock:
            self._store.change("recurring", identifier, lambda found: found.update(changes))

    def delete(self, identifier: str) -> None:
        """Forgets a recurring run; its runs stay."""
        self.get(identifier)
        with self._lock:
            self._store.delete("recurring", identifier)

    def _watch(self) -> None:
        while not self._stopped.wait(_TICK):
            for recurring in self._store.list("recurring"):
                try:
                    with self._lock:
                        self._trigger(recurring["recurring_run_id"])
                except Exception:  # one that cannot be started must not keep the others from it
                    _log.exception("recurring run %s could not be started", recurring["display_name"])

    def _trigger(self, identifier: str) -> None:
        recurring = self._store.get("recurring", identifier)
        if recurring is None or recurring["mode"] != "ENABLE":
            return
        due = _due(recurring, datetime.now(UTC))
        if due is None or self._runs.active(identifier) >= int(recurring["max_concurrency"]):
            return
        index = recurring["_index"] + 1
        self._store.change(
            "recurring", identifier, lambda found: found.update(_last=clock.timestamp(due), _index=index)
        )
        name = f"{recurring['_name']}-{index}-{zlib.crc32(f'{identifier}{index}'.encode())}"
        given = {key: recurring[key] for key in ("experiment_id", "runtime_config", "service_account")}
        self._runs.create(
            given | {"display_name": name, **self._source(recurring)},
            recurring_run_id=identifier,
            scheduled_at=clock.timestamp(due),
            _workflow=name,
        )

    def _source(self, recurring: Document) -> Document:
        """What to run: the version as it is named; its content as it was, should it be gone."""
        reference = recurring.get("pipeline_version_reference")
        if reference and self._store.get("version", reference["pipeline_version_id"]):
            return {"pipeline_version_reference": reference}
        return {"pipeline_spec": recurring["_package"]}


def _check(trigger: dict[str, Any]) -> None:
    cron, periodic = trigger.get("cron_schedule"), trigger.get("periodic_schedule")
    if cron:
        try:
            Cron(cron.get("cron", ""))
        except ValueError as error:
            raise ApiError(
                INVALID,
                "Invalid input error: Schedule cron is not a supported format"
                f"(https://godoc.org/github.com/robfig/cron). Error: {error}",
            ) from error
    elif not periodic or int(periodic.get("interval_second", 0)) < 1:
        found = (periodic or {}).get("interval_second", 0)
        raise ApiError(
            INVALID,
            f"Invalid input error: Found invalid period schedule interval {found}. Set at interval to least 1 second",
        )


def _due(recurring: Document, now: datetime) -> datetime | None:
    """The time for which a run is to be started now; with no_catchup the latest of several that were missed."""
    schedule = recurring["trigger"].get("cron_schedule") or recurring["trigger"]["periodic_schedule"]
    cron = Cron(schedule["cron"]) if "cron" in schedule else None
    interval = timedelta(seconds=int(schedule.get("interval_second", 0)))
    start = clock.parse(schedule["start_time"]) if schedule.get("start_time") else None
    end = clock.parse(schedule["end_time"]) if schedule.get("end_time") else None
    created = clock.parse(recurring["created_at"])
    last = clock.parse(recurring["_last"]) if recurring["_last"] else max(created, start or created)

    def following(moment: datetime) -> datetime:
        return cron.after(moment) if cron else moment + interval

    due = following(last)
    if due > now or (end and due > end):
        return None
    while recurring["no_catchup"] and (later := following(due)) <= now and not (end and later > end):
        due = later
    return due
