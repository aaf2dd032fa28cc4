"""The same data, config, code and thread count give the same bytes, in another process with another hash seed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from switchyard.project import ROOT

SCRIPT = """
from tests.fixtures.houses import config, fit, table
{body}
"""

EVERY_KIND = """
import hashlib
for target in ("binary", "price"):
    use_case, rows = config(target), table(160)
    for name in sorted(use_case.candidates):
        content = fit(use_case, name, rows[:120], rows[120:]).model.content
        print(target, name, hashlib.sha256(content).hexdigest())
"""

THREADS = """
from threadpoolctl import threadpool_info
import switchyard.training.tables.train as module
from switchyard.config.sections import Candidate
fit_learner = module.fit_learner
def observed(*given):
    print(sorted({{pool["num_threads"] for pool in threadpool_info()}}), len(threadpool_info()))
    return fit_learner(*given)
module.fit_learner = observed
rows = table(160)
fit(config(), Candidate(type="hist_gradient_boosting"), rows[:120], rows[120:])
"""


def run(body: str, folder: Path, **environment: str) -> list[str]:
    """The lines that a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(body=body.replace("{{", "{").replace("}}", "}"))],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_every_kind_gives_the_same_bytes_in_a_process_with_another_hash_seed(houses, tmp_path):
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    theirs = run(EVERY_KIND, tmp_path, PYTHONHASHSEED=other)
    ours = []
    for target in ("binary", "price"):
        use_case, rows = houses.config(target), houses.table(160)
        for name in sorted(use_case.candidates):
            content = houses.fit(use_case, name, rows[:120], rows[120:]).model.content
            ours.append(f"{target} {name} {hashlib.sha256(content).hexdigest()}")
    assert len(ours) == 8
    assert theirs == ours


def test_every_library_runs_on_the_configured_threads_from_the_first_fit(tmp_path):
    (line,) = run(THREADS, tmp_path)
    threads, libraries = line.rsplit(maxsplit=1)
    assert threads == "[1]"
    assert int(libraries) >= 2


@pytest.mark.parametrize("candidate", ["random_forest", "mlp"])
def test_another_seed_gives_another_model(houses, rows, candidate):
    made = [houses.fit(houses.config(seed=s), candidate, rows[:300], rows[300:]).model.content for s in (1, 2)]
    assert made[0] != made[1]


def test_bytes_tell_nothing_of_the_place_and_the_time(houses, rows):
    import onnx

    content = houses.fit(houses.config(), "mlp", rows[:300], rows[300:]).model.content
    assert str(Path.cwd()).encode() not in content
    model = onnx.load_model_from_string(content)
    assert [each.key for each in model.metadata_props] == ["switchyard.card"]
    assert b"seconds" not in content
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17), ("ai.onnx.ml", 3)]


def test_training_leaves_torch_and_its_random_state_as_they_were(houses, rows):
    import torch

    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        houses.fit(houses.config(threads=1), "mlp", rows[:300], rows[300:])
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.rand(3), expected)
    finally:
        torch.set_num_threads(before)


def test_a_forest_is_the_same_on_two_threads(houses, rows):
    one, two = (
        houses.fit(houses.config(threads=threads), "random_forest", rows[:300], rows[300:]).model.content
        for threads in (1, 2)
    )
    assert one == two
