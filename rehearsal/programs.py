"""Programs that a machine may lack: where they are, or a reason why the tests and rehearsals that need them cannot run.

Tests and rehearsals start such a program by the path that `program` returns, never by its name. Where the program is
missing, `program` raises `Unavailable`; tests/conftest.py turns that into a skip, whether a test or a fixture asked.
"""

from __future__ import annotations

import shutil

# What tests and rehearsals may start by name: every Linux has these.
EVERYWHERE = frozenset({"bash", "mount", "sh", "sleep", "tar", "umount", "unshare"})
_OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}


class Unavailable(Exception):  # noqa: N818 - a fact about the machine, not an error
    """Something that is needed is not on this machine; the message says what."""


def program(name: str) -> str:
    """The path of a program.

    Raises:
        Unavailable: It is not on the PATH.
    """
    for each in (name, *_OTHER_NAMES.get(name, ())):
        if path := shutil.which(each):
            return path
    raise Unavailable(f"{name} is not on the PATH")


def need(*names: str) -> None:
    """Checks that programs are there, for a script that starts them by itself.

    Raises:
        Unavailable: Some are not on the PATH; the message names all of them.
    """
    if missing := [name for name in names if shutil.which(name) is None]:
        raise Unavailable(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not on the PATH")
