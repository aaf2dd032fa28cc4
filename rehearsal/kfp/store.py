"""All state of the server, in one SQLite file: objects of several kinds, each a JSON document."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, document TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS by_parent ON objects (kind, parent);
"""


class Store:
    """Documents by kind and id, safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)

    def put(self, kind: str, identifier: str, document: Document, parent: str = "") -> None:
        """Writes a document, new or changed; the parent of an old one stays."""
        with self._lock:
            self._database.execute(
                "INSERT INTO objects (kind, id, parent, document) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document",
                (kind, identifier, parent, json.dumps(document)),
            )

    def get(self, kind: str, identifier: str) -> Document | None:
        """The document, if it is there."""
        with self._lock:
            row = self._database.execute(
                "SELECT document FROM objects WHERE kind = ? AND id = ?", (kind, identifier)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def list(self, kind: str, parent: str | None = None) -> list[Document]:
        """All documents of a kind, or those of one parent, oldest first."""
        query, values = "SELECT document FROM objects WHERE kind = ?", [kind]
        if parent is not None:
            query, values = query + " AND parent = ?", [kind, parent]
        with self._lock:
            rows = self._database.execute(query + " ORDER BY sequence", values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def change(self, kind: str, identifier: str, change: Callable[[Document], None]) -> Document | None:
        """Changes a document, with nobody writing in between."""
        with self._lock:
            document = self.get(kind, identifier)
            if document is not None:
                change(document)
                self.put(kind, identifier, document)
            return document

    def delete(self, kind: str, identifier: str) -> None:
        """Forgets a document."""
        with self._lock:
            self._database.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, identifier))

    def delete_children(self, kind: str, parent: str) -> None:
        """Forgets all documents of a parent."""
        with self._lock:
            self._database.execute("DELETE FROM objects WHERE kind = ? AND parent = ?", (kind, parent))

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._database.close()
