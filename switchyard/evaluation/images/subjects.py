"""Chooses the subject (classifier or retrieval) for a model of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.errors import InputError
from switchyard.evaluation.images.subject import Subject

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel


def subject_of(model: OnnxModel) -> Subject:
    """The class for a model's task.

    Raises:
        InputError: The model is not one of images, or its gallery is nowhere.
    """
    from switchyard.evaluation.images.classifier_subject import ClassifierSubject
    from switchyard.evaluation.images.retrieval_subject import RetrievalSubject

    task = model.metadata["task"]
    if task == "image_classification":
        return ClassifierSubject(model)
    if task == "image_retrieval":
        return RetrievalSubject.of(model)
    raise InputError(f"the model {model.metadata['name']} is a {task}, which does not take images")
