"""What holds for every test: a ZenML of its own, no telemetry, no AWS account, no traffic beyond this machine.

And no program that a machine may lack, unless the test says so: tests/fixtures/programs.py.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from typing import Any

import pytest

from tests.fixtures import programs

_HOME = pytest.StashKey[str]()
_LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost", socket.gethostname().lower()}


def pytest_addoption(parser):
    programs.add_options(parser)


def pytest_configure(config):
    """Sets the environment before any test module imports zenml or mlflow."""
    config.stash[_HOME] = tempfile.mkdtemp(prefix="switchyard-tests-")
    for name in [name for name in os.environ if name.startswith(("AWS_", "MLFLOW_", "ZENML_"))]:
        del os.environ[name]
    os.environ |= {
        "ZENML_CONFIG_PATH": config.stash[_HOME],
        "ZENML_ANALYTICS_OPT_IN": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # six processes a server that nobody asks
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):  # a worker of pytest-xdist; ZenML asks the main module for its file
        main.__file__ = pytest.__file__
    watch = programs.Programs(config)
    config.pluginmanager.register(watch, "programs")
    audited = {
        "socket.connect": _refuse_foreign_connection,
        "socket.getaddrinfo": _refuse_foreign_name,
        "subprocess.Popen": lambda executable, *_: watch.started(executable),
    }
    sys.addaudithook(lambda event, args: audited[event](*args) if event in audited else None)


def pytest_unconfigure(config):
    shutil.rmtree(config.stash[_HOME], ignore_errors=True)


def _refuse_foreign_connection(_: socket.socket, address: Any) -> None:
    """Makes a connection to another machine an error in the test that tries it."""
    if isinstance(address, tuple):
        _refuse_foreign_name(address[0])


def _refuse_foreign_name(host: Any, *_: object) -> None:
    """The same for the look-up of its name."""
    host = host.decode() if isinstance(host, bytes) else host
    if host is not None and not _is_local(str(host)):
        raise OSError(f"a test tried to reach {host}: tests stay on 127.0.0.1")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host.lower() in _LOCAL_NAMES
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory):
    """A Kubernetes without a node: started once, for all tests that ask an API server."""
    from rehearsal.kserve.cluster import kubernetes

    with kubernetes(tmp_path_factory.mktemp("kubernetes")) as path:
        yield path
