"""moto's S3 server, in this process."""

from contextlib import contextmanager


@contextmanager
def moto():
    """Gives its address; what is in it stays as long as this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
