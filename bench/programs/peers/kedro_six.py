"""Six trivial nodes, each passes a number on: in Kedro, as a session of the project beside this file."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

if __name__ == "__main__":
    project = Path(__file__).resolve().parent / "kedro_project"
    bootstrap_project(project)
    with KedroSession.create(project_path=project, env="base") as session:
        done = session.run()["number_6"].load()
    if done != 6:
        raise SystemExit(f"{done} instead of 6")
