"""As much of S3 as s3fs and Polars ask for, from files: parts are stored as they come, ranges sent from the page cache.

python s3_of_files.py PORT FOLDER. moto reads a whole object for each range of it that is asked for, which is a
gigabyte for every 50 MB of a copy: with it one would measure moto. This one does next to nothing, so that what is
measured is the client.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_BLOCK = 1 << 20
_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


class Objects:
    """By path, the files that an object is made of, one after the other."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read that lies there."""
        self.folder = folder
        self.objects: dict[str, list[Path]] = {}
        self.uploads: dict[str, dict[int, Path]] = {}
        self.lock = threading.Lock()
        self._numbers = itertools.count()

    def new(self) -> Path:
        """A file that is not there yet."""
        return self.folder / str(next(self._numbers))

    def put(self, path: str, files: list[Path]) -> None:
        """What was there before is removed."""
        with self.lock:
            old, self.objects[path] = self.objects.get(path, []), files
        for file in old:
            file.unlink()

    def delete(self, path: str) -> None:
        """Also if it is not there."""
        with self.lock:
            old = self.objects.pop(path, [])
        for file in old:
            file.unlink()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    objects: Objects

    def do_PUT(self) -> None:
        """A bucket, an object, or a part of one."""
        path, query = self._asked()
        file = self.objects.new()
        with file.open("wb") as out:
            left = int(self.headers.get("Content-Length", 0))
            while left and (block := self.rfile.read(min(left, _BLOCK))):
                left -= len(block)
                out.write(block)
        if "partNumber" in query:
            self.objects.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = file
        else:
            self.objects.put(path, [file])
        self._answer(200, headers={"ETag": f'"{file.name}"'})

    def do_POST(self) -> None:
        """An upload in parts begins or ends, or several objects go."""
        path, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "uploads" in query:
            number = self.objects.new().name
            self.objects.uploads[number] = {}
            return self._xml(
                f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId></InitiateMultipartUploadResult>"
            )
        if "uploadId" in query:
            parts = self.objects.uploads.pop(query["uploadId"][0])
            self.objects.put(path, [parts[number] for number in sorted(parts)])
            return self._xml('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>')
        for each in ElementTree.fromstring(body).iter():
            if each.tag.endswith("Key"):
                self.objects.delete(f"{path.rstrip('/')}/{each.text}")
        return self._xml("<DeleteResult/>")

    def do_DELETE(self) -> None:
        """An object."""
        self.objects.delete(self._asked()[0])
        self._answer(204)

    def do_HEAD(self) -> None:
        """Whether it is there, and how long it is."""
        self.do_GET()

    def do_GET(self) -> None:
        """An object or a range of it, or a list of a bucket."""
        path, query = self._asked()
        if "list-type" in query:
            return self._list(path, query)
        files = self.objects.objects.get(path)
        if files is None:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        sizes = [file.stat().st_size for file in files]
        begin, end = self._range(sum(sizes))
        headers = {"ETag": f'"{files[0].name}"', "Last-Modified": _DATE, "Accept-Ranges": "bytes"}
        if "Range" in self.headers:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{sum(sizes)}"
        self._answer(206 if "Range" in self.headers else 200, None, headers | {"Content-Length": str(end - begin)})
        if self.command == "GET":
            self._send(files, sizes, begin, end)
        return None

    def _send(self, files: list[Path], sizes: list[int], begin: int, end: int) -> None:
        self.wfile.flush()
        start = 0
        for file, size in zip(files, sizes, strict=True):
            at, stop = max(begin - start, 0), min(end - start, size)
            start += size
            if at < stop:
                with file.open("rb") as reader:
                    while at < stop:
                        at += os.sendfile(self.connection.fileno(), reader.fileno(), at, stop - at)

    def _range(self, size: int) -> tuple[int, int]:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        if not first:
            return max(size - int(last), 0), size
        return int(first), min(int(last) + 1, size) if last else size

    def _list(self, bucket: str, query: dict[str, list[str]]) -> None:
        start = f"{bucket.rstrip('/')}/"
        prefix = start + query.get("prefix", [""])[0]
        found = "".join(
            f"<Contents><Key>{escape(path.removeprefix(start))}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<Size>{sum(file.stat().st_size for file in files)}</Size></Contents>"
            for path, files in sorted(self.objects.objects.items())
            if path.startswith(prefix)
        )
        self._xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)

    def _xml(self, text: str) -> None:
        self._answer(200, f'<?xml version="1.0"?>{text}'.encode(), {"Content-Type": "application/xml"})

    def _answer(self, status: int, body: bytes | None = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        length = {} if body is None else {"Content-Length": str(len(body))}
        for name, value in (length | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    Handler.objects = Objects(Path(sys.argv[2]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
