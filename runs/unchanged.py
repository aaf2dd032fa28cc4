"""Whether anything has changed since the last completed run; if not, there is nothing to run.

Like make: the same config, data, code, lock and stack, every artifact where it was left and the endpoint answering
with that very version. Then the last outcome still stands and is told again, without starting ZenML.
"""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

from runs.outcome_data import Outcome
from switchyard.config.sections import UseCase
from switchyard.project import ROOT, STATE
from switchyard.records import Record
from switchyard.serving.rollout.deployer import Endpoint
from switchyard.tasks.registry import kind_of

_PYTHON = ("run.py", "switchyard/**/*.py", "steps/**/*.py", "pipelines/**/*.py", "runs/**/*.py", "stacks/**/*.py")
_CODE = (*_PYTHON, "switchyard/**/*.html", "switchyard/**/*.md", "requirements.lock")
_POINTERS = re.compile(r"^(?:active_stack_id|active_project_id|  url|  type): .*$", re.MULTILINE)


class _State(Record):
    """The file that is kept of a use case.

    Attributes:
        recipe: See `recipe`.
        stack: The stack file that the run applied, if any.
        zenml: Which ZenML store, project and stack were active.
        outcome: What came out of the run.
    """

    WHAT: ClassVar[str] = "the state of the last run"

    recipe: str
    stack: str | None
    zenml: str
    outcome: Outcome


def recipe(config: UseCase, fingerprint: str, stack: str | None) -> str:
    """One hash over everything that a run depends on.

    Args:
        config: The use case, overrides applied.
        fingerprint: Of the source's contents.
        stack: The stack file's name, if one was asked for.
    """
    digest = blake2b(digest_size=16)
    digest.update(config.model_dump_json().encode())
    digest.update(fingerprint.encode())
    patterns = [*_CODE, f"stacks/{stack}.yaml"] if stack else list(_CODE)
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    for path in kind_of(config.task).more_code:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def last_outcome(use_case: str, recipe_now: str) -> Outcome | None:
    """The last outcome if it still stands, otherwise None."""
    state = _state(use_case)
    if state is None or state.recipe != recipe_now or state.zenml != _zenml_pointers():
        return None
    outcome = state.outcome
    if not outcome.artifacts or not all("://" not in uri and _intact(Path(uri)) for uri in outcome.artifacts):
        return None
    return outcome if outcome.endpoint and _answers(outcome.endpoint) else None


def last_stack(use_case: str) -> str | None:
    """The stack file that the last run applied, if its stack is still active: a run without `--stack` uses that."""
    state = _state(use_case)
    return state.stack if state and state.zenml == _zenml_pointers() else None


def remember(outcome: Outcome, recipe_now: str, stack: str | None = None) -> None:
    """Keeps the outcome of a completed run for the next one.

    Args:
        outcome: What came out of it.
        recipe_now: What it depended on.
        stack: The stack file that it applied, if any.
    """
    state = _State(recipe=recipe_now, stack=stack, zenml=_zenml_pointers(), outcome=outcome)
    path = _file(outcome.use_case)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(state.model_dump_json(indent=2))
    draft.replace(path)


def forget(use_case: str) -> None:
    """Discards the last outcome, because something else goes into production."""
    _file(use_case).unlink(missing_ok=True)


def _state(use_case: str) -> _State | None:
    """What the last run has kept; None if there is nothing, or another version of the project wrote it."""
    try:
        return _State.model_validate_json(_file(use_case).read_text())
    except (OSError, ValueError):
        return None


def _file(use_case: str) -> Path:
    return STATE / f"{use_case}.json"


def _intact(folder: Path) -> bool:
    """An artifact is a folder with something in it."""
    return folder.is_dir() and any(folder.iterdir())


def _zenml_pointers() -> str:
    """Which ZenML store, project and stack are active, read from ZenML's own files."""
    folder = os.environ.get("ZENML_CONFIG_PATH")
    home = Path(folder) if folder else Path.home() / ".config" / "zenml"
    texts = [path.read_text() for path in (home / "config.yaml", ROOT / ".zen" / "config.yaml") if path.is_file()]
    return "\n".join([str(home), *(line for text in texts for line in _POINTERS.findall(text))])


def _answers(endpoint: Endpoint) -> bool:
    """Whether the endpoint is ready and serves the version that this outcome deployed."""
    try:
        url = f"{endpoint.url}/v2/models/{endpoint.name}/versions/{endpoint.version}/ready"
        token = os.environ.get("SWITCHYARD_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
