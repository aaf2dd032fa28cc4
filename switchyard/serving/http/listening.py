"""A bound socket, on the port asked for or the next free one."""

from __future__ import annotations

import errno
import socket

from switchyard.errors import InputError

_TRIES = 50


def listen(host: str, port: int, next_free: bool = False) -> socket.socket:
    """Bind to `host:port`.

    Args:
        host: An address or name of this machine.
        port: The port; 0 for any.
        next_free: Take the next free port above if this one is in use.

    Raises:
        InputError: If the address cannot be used or the port is taken.
    """
    for candidate in range(port, min(port + _TRIES, 65536)) if next_free else (port,):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise InputError(f"{host}:{candidate} cannot be bound: {error.strerror}") from error
    if next_free:
        raise InputError(f"no port from {port} on is free on {host}: name another one")
    raise InputError(f"port {port} on {host} is in use: stop what uses it or name another one")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener
