"""The model repository on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from switchyard.errors import SwitchyardError
from switchyard.serving.local import repository
from switchyard.serving.rollout.golden_rows import GoldenRows

GOLDEN = GoldenRows(request={}, response={}, tolerance=1e-5)


def test_versions_are_numbered_from_one_and_whole(root, kit):
    first = repository.write_version(root, "survival", kit.model(), GOLDEN)
    second = repository.write_version(root, "survival", kit.model(1.0), GOLDEN)
    assert (first, second) == (1, 2)
    assert repository.versions(root, "survival") == [1, 2]
    assert (root / "survival" / "2" / "model.onnx").read_bytes() == kit.model(1.0).content
    assert json.loads((root / "survival" / "2" / "metadata.json").read_text()) == kit.model().metadata
    assert repository.golden(root, "survival", 2) == GOLDEN
    assert sorted(path.name for path in (root / "survival").iterdir()) == ["1", "2"]


def test_the_same_bytes_are_the_same_version_with_the_newer_golden_rows(root, kit):
    repository.write_version(root, "survival", kit.model(), GOLDEN)
    repository.write_version(root, "survival", kit.model(1.0), GOLDEN)
    newer = replace(GOLDEN, tolerance=1e-6)
    assert repository.write_version(root, "survival", kit.model(), newer) == 1
    assert repository.versions(root, "survival") == [1, 2]
    assert repository.golden(root, "survival", 1) == newer


def test_a_number_is_not_used_again_while_a_higher_one_exists(root, kit):
    for bias in (0.0, 1.0, 2.0):
        repository.write_version(root, "survival", kit.model(bias), GOLDEN)
    repository.remove_version(root, "survival", 2)
    assert repository.versions(root, "survival") == [1, 3]
    assert repository.write_version(root, "survival", kit.model(3.0), GOLDEN) == 4


def test_golden_rows_that_are_no_json_leave_nothing_behind(root, kit):
    with pytest.raises(ValueError, match="JSON"):
        repository.write_version(root, "survival", kit.model(), GoldenRows({}, {}, tolerance=float("nan")))
    assert repository.versions(root, "survival") == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, kit):
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(SwitchyardError, match=r"model repository .*file cannot be written"):
        repository.write_version(occupied, "survival", kit.model(), GOLDEN)


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a b", "a\n", "x" * 200])
def test_a_name_that_is_no_folder_of_the_repository_is_refused(root, kit, name):
    with pytest.raises(SwitchyardError, match="cannot name a model"):
        repository.write_version(root, name, kit.model(), GOLDEN)
    assert list(root.iterdir()) == []


def test_active_is_recorded_replaced_and_removed(root, kit):
    repository.write_version(root, "survival", kit.model(), GOLDEN)
    assert repository.active(root, "survival") is None
    repository.set_active(root, "survival", 1)
    repository.set_active(root, "survival", 12)
    assert repository.active(root, "survival") == 12
    repository.set_active(root, "survival", None)
    assert repository.active(root, "survival") is None


@pytest.mark.parametrize("text", ["", "zero", "0", "-1", "1.0", "../1"])
def test_a_record_that_is_no_number_counts_as_none(root, kit, text):
    repository.write_version(root, "survival", kit.model(), GOLDEN)
    (root / "survival" / "active").write_text(text)
    assert repository.active(root, "survival") is None


def test_only_positive_numbers_with_a_graph_are_versions(root, kit):
    for version in ("1", "02", "0", "x", ".draft-1"):
        (root / "survival" / version).mkdir(parents=True)
        (root / "survival" / version / "model.onnx").write_bytes(b"")
    (root / "survival" / "3").mkdir()
    assert repository.versions(root, "survival") == [1]
    assert repository.write_version(root, "survival", kit.model(), GOLDEN) == 4


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"request": {}, "response": {}, "tolerance": 1}', '{"format": 2}', '{"format": 1}']
)
def test_damaged_golden_rows_and_those_of_another_format_count_as_none(root, kit, content):
    repository.write_version(root, "survival", kit.model(), GOLDEN)
    (root / "survival" / "1" / "golden.json").write_text(content)
    assert repository.golden(root, "survival", 1) is None
