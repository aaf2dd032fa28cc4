"""Opens ZenML for a command: quietly, quickly, and with errors that say what to do."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from stacks.zenml_patches.deferred_models import deferred_models
from switchyard.errors import SwitchyardError
from switchyard.project import ROOT


@contextmanager
def open_session(debug: bool) -> Iterator[None]:
    """Everything that touches ZenML happens inside.

    Args:
        debug: Let ZenML print what it wants.

    Raises:
        InputError: An older layout of the project has written to ZenML's store.
        SwitchyardError: ZenML's own folder cannot be used as it is.
    """
    os.environ.setdefault("ZENML_ANALYTICS_OPT_IN", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # otherwise MLflow reports each call to its makers
    os.environ.setdefault("ZENML_REPOSITORY_PATH", str(ROOT))
    # Rich tracebacks print every local variable of every frame, which is hundreds of thousands of lines here.
    os.environ.setdefault("ZENML_ENABLE_RICH_TRACEBACK", "false")
    try:
        with nullcontext() if debug else _hushed(), _one_at_a_time(), deferred_models():
            _open()
    except SwitchyardError:
        raise
    except Exception as error:
        raise _unusable(error) from error
    from stacks.zenml_patches.startup import prepare

    prepare()
    if not debug:
        _be_quiet()
    yield


@contextmanager
def _hushed() -> Iterator[None]:
    """ZenML tells of every default that it sets up in an empty folder, and logs what it raises, too."""
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Of two commands that find an empty folder, only one may set it up."""
    folder = Path(config_folder()).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".opening.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open() -> None:
    """Opens the store, and makes the project a ZenML repository if it is not one yet."""
    from zenml.client import Client
    from zenml.config.global_config import GlobalConfiguration

    from stacks.setup.older_layout import refuse_old_artifacts, refuse_old_flavors
    from stacks.zenml_patches.dashboard_survey import skip_survey

    config = GlobalConfiguration()
    _refuse_newer(config.version)
    is_ours = refuse_old_flavors(config.zen_store, config_folder())
    if not (ROOT / ".zen").is_dir():
        active = config.active_stack_id  # a new repository starts on ZenML's default stack: keep the user's choice
        Client.initialize(ROOT)
        if active:
            Client().activate_stack(active)
    if not is_ours:
        refuse_old_artifacts(config.zen_store, config_folder(), Client().active_project.id)
    skip_survey()


def _refuse_newer(written_by: str | None) -> None:
    """ZenML only warns of a folder that a newer version has written, and fails somewhere else later."""
    from packaging.version import parse
    from zenml import __version__

    if written_by and parse(written_by) > parse(__version__):
        raise SwitchyardError(
            f"{config_folder()} was written by ZenML {written_by}, this project runs {__version__}; "
            "install that version, or point ZENML_CONFIG_PATH to another folder"
        )


def _unusable(error: Exception) -> SwitchyardError:
    """What ZenML's own folder or server has against being used, with what to do."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return SwitchyardError(
        f"{config_folder()}: ZenML cannot open it ({reason}); if another version of ZenML has used it, install that "
        "version, or point ZENML_CONFIG_PATH to another folder"
    )


def config_folder() -> str:
    """ZenML's own folder, as its variable or its default says."""
    return os.environ.get("ZENML_CONFIG_PATH") or "~/.config/zenml"


def _be_quiet() -> None:
    """The libraries below say a lot at INFO and WARNING that is no news to a user."""
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    for name in ("alembic", "sqlalchemy", "botocore", "s3fs", "optuna"):
        logging.getLogger(name).setLevel(logging.ERROR)
