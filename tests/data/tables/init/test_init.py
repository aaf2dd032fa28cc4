"""A user's own table becomes a config that loads, fits the table and says why."""

import datetime
import random
from pathlib import Path

import polars as pl
import pytest
import yaml

from switchyard.config.loading import load
from switchyard.data.tables.ingest import ingest
from switchyard.data.tables.init.init import write_config
from switchyard.data.tables.source import inspect
from switchyard.errors import InputError

ROOT = Path(__file__).resolve().parents[4]
ROWS = 200


def columns(**more):
    """A table of 200 rows: a number to predict or a class, and whatever is asked for."""
    draw = random.Random(3)
    base = {
        "size": [round(draw.uniform(2, 9), 2) for _ in range(ROWS)],
        "colour": [draw.choice(["red", "green", "blue"]) for _ in range(ROWS)],
        "label": [draw.choice(["yes", "no", "no"]) for _ in range(ROWS)],
    }
    return base | more


def made(root: Path, table: dict, target: str = "label", uri: str = "my table.csv", separator: str = ","):
    """The config written for a table, loaded again and held against the table."""
    frame = pl.DataFrame(table)
    if uri.endswith(".csv"):
        frame.write_csv(root / uri, separator=separator)
    else:
        frame.write_parquet(root / uri)
    path = write_config(uri, target, root)
    config = load(path)
    source = inspect(config.data, config.contract, config.task, root, config.features)
    assert source.rows == frame.height
    return config, path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("uri", "target", "task"),
    [("data/titanic.csv", "survived", "classification"), ("data/diamonds.parquet", "price", "regression")],
)
def test_the_demos(uri, target, task, tmp_path):
    path = write_config(uri, target, ROOT, tmp_path / "mine.yaml", name="mine")
    config = load(path)
    assert (config.name, config.task, len(config.candidates)) == ("mine", task, 4)
    if target == "survived":
        assert (config.data.id, config.data.positive) == ("name", "survived")
        assert config.contract.columns["pclass"].allowed == ("1st", "2nd", "3rd")
        assert config.contract.columns["age"].nullable
    else:
        assert config.contract.columns["x"].min == 0
        assert config.contract.table.max_duplicate_rows >= 146


def test_every_value_keeps_the_contract_it_was_read_off(tmp_path):
    from switchyard.data.tables.contract.contract import check

    config, _ = made(tmp_path, columns(when=["2026-01-31"] * ROWS, flag=[None, True] * (ROWS // 2)))
    source = inspect(config.data, config.contract, config.task, tmp_path, config.features)
    ingest(source, config.data, tmp_path / "out")
    raw = pl.scan_parquet(tmp_path / "out" / "raw.parquet")
    assert not check(raw, config.contract, target="label", source="t").violations


def test_types_are_read_off_the_text(tmp_path):
    config, _ = made(
        tmp_path,
        columns(
            whole=list(range(0, 2 * ROWS, 2)),
            zip=[f"{number % 90:05d}" for number in range(ROWS)],
            flag=["true", "False"] * (ROWS // 2),
            day=[str(datetime.date(2026, 1, 1) + datetime.timedelta(days=number % 7)) for number in range(ROWS)],
            gap=[None if number % 3 else number * 0.5 for number in range(ROWS)],
        ),
    )
    types = {name: column.type for name, column in config.contract.columns.items()}
    assert types == {
        "size": "number",
        "colour": "string",
        "label": "string",
        "whole": "integer",
        "zip": "string",
        "flag": "boolean",
        "day": "datetime",
        "gap": "number",
    }
    assert config.contract.columns["gap"].nullable
    assert not config.contract.columns["size"].nullable


def test_bounds_leave_room_and_are_round(tmp_path):
    config, _ = made(tmp_path, columns(size=[100 + number for number in range(ROWS)]))
    size = config.contract.columns["size"]
    assert 0 <= size.min < 100 and 299 < size.max < 500
    assert size.min % 50 == 0 and size.max % 50 == 0


@pytest.mark.parametrize(
    ("target", "task", "positive"),
    [
        (["yes", "no", "no", "no"], "classification", "yes"),
        (["a", "a", "a", "b"], "classification", "b"),
        ([0, 1, 1, 1], "classification", 1),
        ([0.0, 1.0, 1.0, 1.0], "classification", 1),
        ([True, False, True, True], "classification", True),
        (["good", "bad", "fair", "fair"], "classification", None),
        ([1, 2, 3, 4], "classification", None),
    ],
)
@pytest.mark.parametrize("uri", ["t.csv", "t.parquet"])
def test_the_task_follows_from_the_target(tmp_path, target, task, positive, uri):
    config, _ = made(tmp_path, columns(label=target * (ROWS // 4)), uri=uri)
    assert (config.task, config.data.positive) == (task, positive)
    assert type(config.data.positive) is type(positive)


def test_many_numbers_are_a_regression(tmp_path):
    config, _ = made(tmp_path, columns(), target="size")
    assert (config.task, config.metrics.primary, config.gates["r2"]) == ("regression", "r2", "> 0")


def test_gates_ask_for_more_than_the_best_blind_answer(tmp_path):
    config, text = made(tmp_path, columns(label=["yes", "no", "no", "no"] * (ROWS // 4)))
    assert config.gates["log_loss"] == "< 0.562"  # the entropy of 1:3 is 0.5623
    assert "starting points" in text


def test_names_and_values_that_yaml_would_read_as_something_else(tmp_path):
    odd = [
        "yes",
        "no",
        "a: b",
        "#x",
        "1st",
        "2019",
        "größe",
        "with space",
        " edge",
        "null",
        "~",
        "-",
        "x\ty",
        'q"t',
        "y",
    ]
    odd += [
        "a\\b",
        "{a}",
        "[b]",
        "*c",
        "&d",
        "!e",
        "%f",
        "@g",
        "`h",
        "end:",
        "1e5",
        "1_000",
        "0x1f",
        "😀",
        "a\nb",
        "a\u2028b",
    ]
    table = columns(**{name: [str(number % 3) + "a" for number in range(ROWS)] for name in odd})
    table["colour"] = [odd[number % 15] for number in range(ROWS)]
    config, text = made(tmp_path, table)
    assert list(config.contract.columns) == list(table)
    values = set(odd[:15]) - {"null"}  # which means that a value is missing
    assert set(config.contract.columns["colour"].allowed) == values
    plain = yaml.safe_load(text)["contract"]["columns"]
    assert list(plain) == list(table), "a YAML 1.1 reader gets the same names"
    assert set(plain["colour"]["allowed"]) == values


def test_classes_called_yes_and_no_stay_text_for_any_reader(tmp_path):
    _, text = made(tmp_path, columns())
    assert yaml.safe_load(text)["contract"]["columns"]["label"]["allowed"] == ["no", "yes"]
    assert yaml.safe_load(text)["data"]["positive"] == "yes"


def test_columns_that_cannot_help_are_excluded_with_the_reason(tmp_path):
    config, text = made(
        tmp_path,
        columns(
            nothing=[None] * ROWS,
            same=["x"] * ROWS,
            one=[1] * ROWS,
            note=[f"note {number // 2}" for number in range(ROWS)],
            odd_day=[f"{number % 28 + 1}.3.2026" for number in range(ROWS)],
        ),
    )
    assert config.features.exclude == ("nothing", "same", "one", "note", "odd_day")
    assert config.contract.columns["nothing"].nullable
    for reason in ("no value in any row", "same value in every row", "100 different values", "not ISO 8601"):
        assert reason in text


def test_roles_are_guessed_from_names_and_values(tmp_path):
    start = datetime.datetime(2026, 1, 1)
    config, _ = made(
        tmp_path,
        columns(
            order_id=[f"o{number}" for number in range(ROWS)],
            customer_id=[number % 60 for number in range(ROWS)],
            created_at=[start + datetime.timedelta(hours=number) for number in range(ROWS)],
            birth_date=[start + datetime.timedelta(days=number) for number in range(ROWS)],
        ),
    )
    assert (config.data.id, config.data.group, config.data.time) == ("order_id", "customer_id", "created_at")
    assert config.split.method == "group"
    assert config.contract.columns["order_id"].unique


def test_time_decides_the_split_if_nothing_is_grouped(tmp_path):
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(days=number) for number in range(ROWS)]
    config, _ = made(tmp_path, columns(day=days), uri="t.parquet")
    assert (config.data.time, config.split.method) == ("day", "time")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_sniffed(tmp_path, separator):
    config, _ = made(tmp_path, columns(), separator=separator)
    assert config.data.separator == separator


def test_marks_of_missing_values(tmp_path):
    gaps = ["?" if number % 4 == 0 else str(number) for number in range(ROWS)]
    config, _ = made(tmp_path, columns(gaps=gaps, other=["NA", "b"] * (ROWS // 2)))
    assert config.data.nulls == ("", "NA", "?")
    assert config.contract.columns["gaps"].type == "integer"


def test_a_question_mark_among_words_is_a_word(tmp_path):
    config, _ = made(tmp_path, columns(answer=["?", "b"] * (ROWS // 2)))
    assert config.data.nulls == ("",)
    assert config.contract.columns["answer"].allowed == ("?", "b")


def test_row_numbers_without_a_name_are_left_out(tmp_path):
    frame = pl.DataFrame(columns())
    lines = frame.write_csv().splitlines()
    numbered = [f"{'' if number == 0 else number},{line}" for number, line in enumerate(lines)]
    (tmp_path / "t.csv").write_text("\n".join(numbered))
    config = load(write_config("t.csv", "label", tmp_path))
    assert list(config.contract.columns) == ["size", "colour", "label"]


def test_columns_that_no_type_describes_are_left_out(tmp_path):
    config, text = made(tmp_path, columns(tags=[["a"]] * ROWS), uri="t.parquet")
    assert "tags" not in config.contract.columns
    assert "# tags is left out: it holds lists" in text


def test_the_name_comes_from_the_file(tmp_path):
    config, _ = made(tmp_path, columns(), uri="2026 Verkäufe_(neu).csv")
    assert config.name == "table-2026-verk-ufe-neu"
    assert (tmp_path / "configs" / f"{config.name}.yaml").exists()


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path):
    made(tmp_path, columns(), uri="t.csv")
    path = tmp_path / "configs" / "t.yaml"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"t\.yaml is there already: give --force"):
        write_config("t.csv", "label", tmp_path)
    assert path.read_text() == "mine"
    assert write_config("t.csv", "label", tmp_path, force=True) == path
    assert load(path).name == "t"


@pytest.mark.parametrize(
    ("table", "target", "expected"),
    [
        (columns(), "lable", "no column 'lable', which --target names (did you mean 'label'?)"),
        (columns(label=["yes", None] * (ROWS // 2)), "label", "no value in the target 'label' in 100 of 200 rows"),
        (columns(label=["yes"] * ROWS), "label", "the same value 'yes' in all 200 rows"),
        (columns(label=[f"word {number}" for number in range(ROWS)]), "label", "too many for classes"),
        (columns(label=[f"2026-01-{number % 28 + 1:02d}" for number in range(ROWS)]), "label", "name another column"),
    ],
)
def test_a_target_that_cannot_be_one_writes_nothing(tmp_path, table, target, expected):
    pl.DataFrame(table).write_csv(tmp_path / "t.csv")
    with pytest.raises(InputError) as caught:
        write_config("t.csv", target, tmp_path)
    assert expected in str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("a,label\n1,yes\n2\n", "1 field in line 3"),
        ('a,label\n1,yes\n5" pipe,no\n', "odd number of quotes is 3"),
        ("a,label\n1,caf\udce9\n", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_writes_nothing(tmp_path, content, expected):
    (tmp_path / "t.csv").write_text(content, errors="surrogateescape")
    with pytest.raises(InputError) as caught:
        write_config("t.csv", "label", tmp_path)
    assert expected in str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["t.csv"]


def test_a_table_in_a_bucket(bucket, tmp_path):
    bucket.put("mine/t.csv", pl.DataFrame(columns()).write_csv(separator=";"))
    config = load(write_config("s3://data/mine/t.csv", "label", tmp_path))
    assert (config.data.separator, config.name) == (";", "t")
