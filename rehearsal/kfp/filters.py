"""Lists: the predicates of `filter`, the order of `sort_by`, and pages that stay whole while objects are added."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from rehearsal.kfp import clock
from rehearsal.kfp.errors import INVALID, ApiError
from rehearsal.kfp.store import Document

_DEFAULT_PAGE, _LARGEST_PAGE = 20, 200
_OPERATIONS = {
    1: "EQUALS",
    2: "NOT_EQUALS",
    3: "GREATER_THAN",
    5: "GREATER_THAN_EQUALS",
    6: "LESS_THAN",
    7: "LESS_THAN_EQUALS",
    8: "IN",
    9: "IS_SUBSTRING",
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": lambda found, wanted: found == wanted,
    "NOT_EQUALS": lambda found, wanted: found != wanted,
    "GREATER_THAN": lambda found, wanted: found > wanted,
    "GREATER_THAN_EQUALS": lambda found, wanted: found >= wanted,
    "LESS_THAN": lambda found, wanted: found < wanted,
    "LESS_THAN_EQUALS": lambda found, wanted: found <= wanted,
    "IN": lambda found, wanted: found in wanted,
    "IS_SUBSTRING": lambda found, wanted: wanted in found,
}


def page(documents: Iterable[Document], query: dict[str, str], keys: Iterable[str]) -> tuple[list[Document], int, str]:
    """One page of a list.

    Args:
        documents: All objects that the caller may see.
        query: The parameters of the request: filter, sort_by, page_size, page_token.
        keys: The fields by which this kind of object can be filtered and sorted; the first one is its id.

    Returns:
        The page, how many objects match in all, and the token of the next page ("" on the last one).

    Raises:
        ApiError: A parameter is not one that the server takes.
    """
    known = list(keys)
    if token := query.get("page_token"):
        start = _read_token(token, query)
        wanted, key, descending = start["filter"], start["key"], start["descending"]
    else:
        start = None
        wanted = _predicates(query.get("filter", ""), known)
        key, descending = _order(query.get("sort_by", ""), known)
    matching = [document for document in documents if all(_matches(document, predicate) for predicate in wanted)]
    matching.sort(key=lambda document: (_value(document, key), document[known[0]]), reverse=descending)
    rest = matching
    if start is not None:
        first = (start["value"], start["id"])
        rest = [
            document
            for document in matching
            if (
                (_value(document, key), document[known[0]]) <= first
                if descending
                else (_value(document, key), document[known[0]]) >= first
            )
        ]
    size = _size(query.get("page_size", ""))
    token = ""
    if len(rest) > size:
        following = rest[size]
        token = _write_token(
            {
                "filter": wanted,
                "key": key,
                "descending": descending,
                "value": _value(following, key),
                "id": following[known[0]],
            }
        )
    return rest[:size], len(matching), token


def _size(text: str) -> int:
    size = int(text or 0)
    if size < 0:
        raise ApiError(INVALID, f"Invalid input error: The page size should be greater than 0. Got {size}")
    return min(size or _DEFAULT_PAGE, _LARGEST_PAGE)


def _order(text: str, known: list[str]) -> tuple[str, bool]:
    words = text.split()
    if not words:
        return "created_at", False
    if words[0] not in known or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise ApiError(INVALID, f'Invalid input error: Invalid sorting field: "{text}"')
    return words[0], words[-1] == "desc"


def _predicates(text: str, known: list[str]) -> list[list[Any]]:
    if not text:
        return []
    try:
        decoded = json.loads(text if text.lstrip().startswith("{") else unquote_plus(text))
        listed = decoded.get("predicates", [])
    except (ValueError, AttributeError) as error:
        raise ApiError(INVALID, f"Invalid input error: failed to parse valid filter from {text!r}") from error
    return [_predicate(predicate, known) for predicate in listed]


def _predicate(given: Document, known: list[str]) -> list[Any]:
    given = dict(given)
    operation, key = given.pop("operation", 0), given.pop("key", "")
    operation = _OPERATIONS.get(operation, operation)
    if operation not in _COMPARISONS:
        raise ApiError(INVALID, f"Invalid input error: invalid predicate operation: {operation}")
    if key not in known:
        raise ApiError(INVALID, f'Invalid input error: no support for filtering on unrecognized field "{key}"')
    if len(given) != 1:
        raise ApiError(INVALID, f"Invalid input error: a predicate on {key} needs one value")
    ((kind, value),) = given.items()
    kind = kind.replace("_v", "V")
    if kind.endswith("Values"):
        value = value["values"]
    if kind == "timestampValue":
        value = clock.timestamp(clock.parse(value))
    if (operation == "IN") != isinstance(value, list) or (operation == "IS_SUBSTRING" and not isinstance(value, str)):
        raise ApiError(INVALID, f"Invalid input error: cannot use operator {operation} with {kind}")
    return [key, operation, value]


def _matches(document: Document, predicate: list[Any]) -> bool:
    key, operation, wanted = predicate
    return _COMPARISONS[operation](_folded(_value(document, key)), _folded(wanted))


def _folded(value: Any) -> Any:
    """The server's database compares text without regard to case."""
    if isinstance(value, list):
        return [_folded(each) for each in value]
    return value.lower() if isinstance(value, str) else value


def _value(document: Document, key: str) -> Any:
    return document.get(key, "")


def _write_token(token: Document) -> str:
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()


def _read_token(text: str, query: dict[str, str]) -> Document:
    try:
        return dict(json.loads(base64.urlsafe_b64decode(text)))
    except ValueError as error:
        raise ApiError(INVALID, f"Invalid input error: Invalid package token {text!r}") from error
