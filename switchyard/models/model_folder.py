"""A model in a folder of this disk, for another process to read: the ONNX file, its card, and what lies beside it."""

from __future__ import annotations

import json
from pathlib import Path

from switchyard.models.onnx_model import OnnxModel

_FILE, _CARD, _COMPANIONS = "model.onnx", "card.json", "companions"


def write_model(model: OnnxModel, folder: Path) -> None:
    """Writes `model.onnx`, `card.json` and, if it has companions, the folder `companions`.

    Args:
        model: What is written.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in model.companions.items():
        (folder / _COMPANIONS).mkdir(exist_ok=True)
        (folder / _COMPANIONS / name).write_bytes(content)
    (folder / _CARD).write_text(model.card_json(), encoding="utf-8")
    (folder / _FILE).write_bytes(model.content)


def read_model(folder: Path) -> OnnxModel:
    """What `write_model` wrote."""
    beside = folder / _COMPANIONS
    companions = {file.name: file.read_bytes() for file in sorted(beside.iterdir())} if beside.is_dir() else {}
    card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
    return OnnxModel((folder / _FILE).read_bytes(), card, companions)
