"""The packages' check, green and red."""

from __future__ import annotations

from stacks.doctor import packages
from tests.stacks.doctor.conftest import target


def test_what_is_installed_is_what_the_lock_says():
    found = packages.look(target())

    assert found.state == "ok", found
    assert "zenml 0.98.0" in found.seen


def test_another_version_and_a_package_that_is_not_there(tmp_path, monkeypatch):
    lock = tmp_path / "requirements.lock"
    lock.write_text(packages.LOCK.read_text().replace("zenml==", "zenml==9.").replace("kfp==", "kfp==9."))
    monkeypatch.setattr(packages, "LOCK", lock)

    found = packages.look(target())

    assert found.state == "failed"
    assert "zenml 0.98.0 (lock: 9.0.98.0)" in found.seen
    assert "requirements.lock" in found.advice


def test_another_python(monkeypatch):
    monkeypatch.setattr(packages, "PYTHONS", ((3, 8), (3, 9)))

    assert packages.look(target()).state == "failed"
