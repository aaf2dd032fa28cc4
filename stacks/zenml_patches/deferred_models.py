"""Builds each pydantic model of ZenML when it is first used, and not while ZenML is imported.

ZenML 0.98 defines some six hundred models. For each of them pydantic makes a validator and a serializer, which takes
half of the time that `import zenml` takes; a run uses a quarter of them, a step fewer. pydantic has a setting for that,
`defer_build`. Three things it does not do by itself are done here:

- A model that is made as a part of another one is made by the other's validator, and would be left without a
  serializer of its own. So the first instance builds its class, whoever makes it.
- ZenML calls `model_rebuild` for the models whose annotations name classes that are defined later. Their fields are
  completed in the namespace of that call, at the end or when the first model is used; the rest waits for their own use.
- pydantic's own building at the first use is not safe with threads.

Written for ZenML 0.98.0 and pydantic 2.12. It uses private parts of pydantic: run its tests before raising either.

It needs nothing but pydantic, so the command of a step can carry this file along (`step_command.py`), in the middle of
a program: no `from __future__` here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from pydantic import BaseModel
from pydantic._internal._config import ConfigWrapper
from pydantic._internal._fields import rebuild_model_fields
from pydantic._internal._generics import get_model_typevars_map
from pydantic._internal._model_construction import unpack_lenient_weakvaluedict
from pydantic._internal._namespace_utils import NsResolver

_LOCK = RLock()
_REBUILD = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]
_deferring = 0
# Of the calls of model_rebuild that have been put off, where the names are known; and whose fields wait for them.
_namespaces: dict[type[BaseModel], dict[str, Any]] = {}
_waiting: list[type[BaseModel]] = []


@contextmanager
def deferred_models() -> Iterator[None]:
    """Models that are defined inside are built when they are first used."""
    global _deferring
    before = BaseModel.model_config
    BaseModel.__new__ = _new  # type: ignore[method-assign,assignment]
    BaseModel.model_rebuild = classmethod(_rebuild)  # type: ignore[method-assign,assignment,arg-type]
    BaseModel.model_config = {**before, "defer_build": True}
    _deferring += 1
    try:
        yield
    finally:
        _deferring -= 1
        BaseModel.model_config = before
        with _LOCK:
            _complete_fields()


def _new(cls: type[BaseModel], *_: object, **__: object) -> BaseModel:
    """Takes the place of `object.__new__`, through which every instance comes."""
    if cls is not BaseModel and not cls.__pydantic_complete__:  # BaseModel itself is never complete
        _rebuild(cls, raise_errors=False, _parent_namespace_depth=3)
    return object.__new__(cls)


def _rebuild(cls: type[BaseModel], **options: Any) -> bool | None:  # noqa: ANN401 - passed on as they come
    """Takes the place of `BaseModel.model_rebuild`, which pydantic calls itself at the first use."""
    if _deferring and not options and cls.model_config.get("defer_build"):
        _namespaces[cls] = sys._getframe(1).f_locals
        _waiting.append(cls)
        return None
    options = {"_parent_namespace_depth": 2, **options}
    options["_parent_namespace_depth"] += 1  # this function's own frame
    if cls in _namespaces:
        options.setdefault("_types_namespace", _namespaces[cls])
    with _LOCK:
        if cls.__pydantic_complete__ and not options.get("force"):  # by another thread, meanwhile
            return None
        _complete_fields()
        return bool(_REBUILD(cls, **options))


def _complete_fields() -> None:
    """What others need of a model that is not built: ZenML, which reads its fields, and models that it is a part of."""
    while _waiting:
        model = _waiting.pop()
        if not model.__pydantic_fields_complete__:
            parent = unpack_lenient_weakvaluedict(model.__pydantic_parent_namespace__) or {}
            model.__pydantic_fields__ = rebuild_model_fields(
                model,
                config_wrapper=ConfigWrapper(model.model_config, check=False),
                ns_resolver=NsResolver(parent_namespace={**_namespaces[model], **parent}),
                typevars_map=get_model_typevars_map(model),
            )
