"""The shape of a CSV file before any value counts: encoding, separator, header, fields a row."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from switchyard.config.sections import Contract, Data
from switchyard.data.places.files import File
from switchyard.errors import InputError

HEAD_BYTES = 1 << 18
SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20


def header(file: File, head: bytes, data: Data, contract: Contract | None = None) -> tuple[str, ...]:
    """The column names of a CSV file.

    Args:
        file: The file, for the messages.
        head: Its first bytes, at most `HEAD_BYTES`.
        data: For the separator and the target.
        contract: The columns that are expected; tells a wrong separator from a table of one column.

    Raises:
        InputError: If it is not text, has no row or names a column twice, or another separator splits it.
    """
    text = decoded_head(file, head)
    try:
        names = _first_record(text, data.separator)
    except csv.Error as error:
        raise InputError(f"{file.name} has a header that is none ({error}): correct data.uri or the file.") from error
    _check_separator(file, text, names, data, contract)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        shown = repr(twice[0]) if twice[0] else "without a name"
        raise InputError(
            f"{file.name} has {Counter(names)[twice[0]]} columns {shown} (the header's fields "
            f"{', '.join(str(place + 1) for place, name in enumerate(names) if name == twice[0])}): "
            "give each column a name of its own."
        )
    if len(unpacked(head)) < HEAD_BYTES and not _has_second_record(text, data.separator):
        raise InputError(f"{file.name} has a header but no rows: put the rows there, or correct data.uri.")
    return tuple(names)


def likely_separator(file: File, head: bytes) -> str:
    """The separator that splits the header into the most fields; a comma if none does.

    Raises:
        InputError: If the file is not text.
    """
    text = decoded_head(file, head)
    return max(SEPARATORS, key=lambda separator: len(_first_record(text, separator)))


def decoded_head(file: File, head: bytes) -> str:
    """The first bytes as text, unpacked if they are gzip.

    Raises:
        InputError: If they are not UTF-8, or hold nothing but white space.
    """
    raw = unpacked(head)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{file.name} is UTF-16, not UTF-8: save it as UTF-8 (in Excel: `CSV UTF-8`).")
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(raw).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _not_utf8(file, error.start, raw[: error.start].count(b"\n") + 1, raw[error.start]) from error
    if "\r" in text and "\n" not in text:
        raise InputError(f"{file.name} ends its lines with a bare carriage return: save it with line feeds (LF).")
    if not text.strip():
        raise InputError(f"{file.name} holds only white space: put the table there, or correct data.uri.")
    return text


def unpacked(head: bytes) -> bytes:
    """The first bytes of what a gzip file holds; other bytes as they are."""
    if not head.startswith(b"\x1f\x8b"):
        return head
    return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)


def check_utf8(file: File) -> None:
    """Refuse a local file that is not UTF-8 from the first byte to the last.

    Raises:
        InputError: Naming the byte and the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    for chunk in _chunks(file):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            place = error.start - pending
            line += chunk[: max(place, 0)].count(b"\n")
            raise _not_utf8(file, offset + place, line, error.object[error.start]) from error
        offset += len(chunk)
        line += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise _not_utf8(file, offset - len(decoder.getstate()[0]), line, decoder.getstate()[0][0])


def check_fields(file: File, data: Data, columns: int) -> None:
    """Refuse a local file in which a row has more or fewer fields than the header.

    Polars fills short rows with nulls without a word, so the separators of each line are counted.
    Quoted fields that hold line breaks cannot be counted by line: such a file is read once with `csv`.

    Raises:
        InputError: Naming the first such line.
    """
    import polars as pl

    separators = columns - 1
    if separators == 0 and data.separator != ",":
        return
    line = pl.col("line")
    found = (
        pl.scan_lines(file.path, name="line", row_index_name="number", glob=False)
        .filter(line.str.count_matches(data.separator, literal=True) != separators, line.str.strip_chars() != "")
        .with_columns(bare=line.str.replace_all(r'"[^"]*"', ""))
        .filter(
            (pl.col("bare").str.count_matches(data.separator, literal=True) != separators)
            | pl.col("bare").str.contains('"', literal=True)
        )
        .select("number")
        .head(1)
        .collect(engine="streaming")
    )
    if found.height:
        _check_records(file, data, columns)


@contextmanager
def quotes_explained(files: Sequence[File]) -> Iterator[None]:
    """Turn Polars' failure to split a local CSV into fields into a sentence about its quotes.

    Raises:
        InputError: Naming the first line with an odd number of quotes, where the failure mostly begins.
    """
    import polars as pl

    try:
        yield
    except pl.exceptions.ComputeError as error:
        for file in files:
            line = _odd_line(file)
            if line is not None:
                raise InputError(
                    f"{file.name} cannot be split into fields; the first line with an odd number of quotes is "
                    f"{line:,}, so close it there, or put quotes around the field and double the one within."
                ) from error
        raise


def _odd_line(file: File) -> int | None:
    import polars as pl

    lines = pl.scan_lines(file.path, name="line", row_index_name="number", row_index_offset=1, glob=False)
    odd = lines.filter(pl.col("line").str.count_matches('"', literal=True) % 2 == 1).select("number").head(1)
    return next(iter(odd.collect(engine="streaming")["number"].to_list()), None)


def _check_records(file: File, data: Data, columns: int) -> None:
    with _text(file) as stream:
        reader = csv.reader(stream, delimiter=data.separator)
        try:
            for record in reader:
                if record and len(record) != columns:
                    raise InputError(
                        f"{file.name} has {_fields(len(record))} in line {reader.line_num}, but {columns} in its "
                        f"header: correct that line, or put quotes around a value that holds {data.separator!r}."
                    )
        except csv.Error as error:
            raise InputError(
                f"{file.name} cannot be split into fields near line {reader.line_num} ({error}): "
                "look for a quote that is not closed."
            ) from error


def _fields(number: int) -> str:
    return "1 field" if number == 1 else f"{number} fields"


def _text(file: File) -> io.TextIOBase:
    if is_gzip(file):
        return gzip.open(file.path, "rt", encoding="utf-8-sig", newline="")
    return Path(file.path).open(encoding="utf-8-sig", newline="")


def is_gzip(file: File) -> bool:
    """Whether a local file is packed with gzip, whatever its name."""
    with Path(file.path).open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _chunks(file: File) -> Iterator[bytes]:
    with gzip.open(file.path) if is_gzip(file) else Path(file.path).open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK):
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"{file.name} is cut short or damaged ({error}): copy it again from where it came."
            ) from error


def _first_record(text: str, separator: str) -> list[str]:
    return next((record for record in csv.reader(io.StringIO(text), delimiter=separator) if record), [])


def _has_second_record(text: str, separator: str) -> bool:
    records = (record for record in csv.reader(io.StringIO(text), delimiter=separator) if any(record))
    return next(records, None) is not None and next(records, None) is not None


def _check_separator(file: File, text: str, names: list[str], data: Data, contract: Contract | None) -> None:
    if len(names) > 1 or contract is None or (len(contract.columns) < 2 and data.target in names):
        return
    splits = {other: len(_first_record(text, other)) for other in SEPARATORS}
    best = max(splits, key=lambda other: splits[other])
    if splits[best] > 1:
        raise InputError(
            f"{file.name} has only one column when it is split at {data.separator!r}, but {splits[best]} at "
            f"{best!r}: write {best!r} at data.separator."
        )


def _not_utf8(file: File, offset: int, line: int, byte: int) -> InputError:
    return InputError(
        f"{file.name} is not UTF-8: byte {offset:,} (line {line:,}) is 0x{byte:02x}, so save the file as UTF-8 "
        "(for example `iconv -f WINDOWS-1252 -t UTF-8`)."
    )
