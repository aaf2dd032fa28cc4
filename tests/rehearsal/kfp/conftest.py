"""One server for the tests that need nothing special of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.kfp.server import running


@pytest.fixture(scope="session")
def kfp_secrets(tmp_path_factory) -> Path:
    """Secrets for processes: one folder each."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "store").mkdir()
    (folder / "store" / "KEY").write_text("a-secret-value")
    return folder


@pytest.fixture(scope="session")
def kfp_url(tmp_path_factory, kfp_secrets):
    """A server that runs tasks as processes."""
    with running(tmp_path_factory.mktemp("kfp"), secrets=kfp_secrets) as url:
        yield url


@pytest.fixture(scope="session")
def kfp_client(kfp_url):
    """The real client."""
    from tests.rehearsal.kfp.pipelines import client_of

    return client_of(kfp_url)
