"""An empty ZenML in this process, apart from the one of the other tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def zenml(tmp_path_factory):
    """ZenML's client on a folder of its own, which no other module sees."""
    from zenml.client import Client
    from zenml.config.global_config import GlobalConfiguration

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZENML_CONFIG_PATH", str(tmp_path_factory.mktemp("zenml")))
        patch.setenv("ZENML_REPOSITORY_PATH", str(tmp_path_factory.mktemp("repository")))
        GlobalConfiguration._reset_instance()
        Client._reset_instance()
        client = Client()
        assert client.list_stacks().total == 1  # ZenML's own default stack
        yield client
    GlobalConfiguration._reset_instance()
    Client._reset_instance()
