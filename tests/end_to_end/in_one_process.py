"""Commands one after the other in one process: to start each in its own takes far longer than what it does."""

from __future__ import annotations

import json
from types import SimpleNamespace

_PRELUDE = """
import contextlib, io, json
from run import main

def do(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), flush=True)

def learned(use_case, by, version):
    from steps.registry.versions import training_rows_of, splits_of
    seen, splits = training_rows_of(use_case, by), splits_of(use_case, version)
    counts = {part: int(seen.contains(splits.scan(part)).sum()) for part in splits.parts}
    print(json.dumps({"all": len(seen.hashes), **counts}), flush=True)
"""


def called(project, script):
    """What each `do(...)` of a script said, or `learned(...)` counted."""
    ended = project.start(_PRELUDE + script, program=("-c",), DISPLAY="", WAYLAND_DISPLAY="", BROWSER="").finish()
    assert ended.code == 0, (ended.out, ended.err)
    return [SimpleNamespace(**json.loads(line)) for line in ended.out.splitlines() if line.startswith("{")]
