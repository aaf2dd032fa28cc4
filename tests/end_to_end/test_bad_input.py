"""Bad input: one sentence on stderr that says where, what and what to do; exit code 2; nothing written."""

from __future__ import annotations

import socket

import polars as pl
import pytest

from rehearsal.s3.server import moto

HEADER = "id,age,sex,label\n"
PEOPLE = "data/people.csv"


def refused(project, *arguments, **environment):
    """Runs a command that must not work; returns its sentence."""
    before = project.written()
    ended = project.run(*arguments, **environment)
    assert ended.code == 2, (ended.out, ended.err)
    assert ended.out == ""
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert "Traceback" not in ended.err
    assert project.written() == before
    return ended.err.strip()


def table(project, name, text):
    (project.root / "data" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"data/{name}"


def people(project, change=lambda line: line):
    header, *rows = (project.root / PEOPLE).read_text().splitlines()
    return "\n".join([header, *(change(row) for row in rows)]) + "\n"


def cut_parquet(project):
    path = project.root / "data" / "cut.parquet"
    pl.read_csv(project.root / PEOPLE).write_parquet(path)
    return path.read_bytes()[:-100]


def with_label(row, label):
    return row.rsplit(",", 1)[0] + f",{label}"


def with_one_maybe(row):
    return with_label(row, "maybe") if row.startswith("7,") else row


TABLES = {
    "missing file": (lambda p: "data/gone.csv", ["data/gone.csv", "missing", "data.uri"]),
    "empty file": (lambda p: table(p, "empty.csv", ""), ["data/empty.csv", "empty"]),
    "header only": (lambda p: table(p, "header.csv", HEADER), ["data/header.csv", "no rows"]),
    "wrong separator": (
        lambda p: table(p, "semicolons.csv", people(p).replace(",", ";")),
        ["data/semicolons.csv", "';'", "data.separator"],
    ),
    "duplicate column names": (
        lambda p: table(p, "twice.csv", people(p).replace("id,age,", "id,id,")),
        ["data/twice.csv", "'id'"],
    ),
    "not UTF-8": (
        lambda p: table(p, "latin1.csv", people(p).encode().replace(b",m,", b",\xe4,")),
        ["data/latin1.csv", "UTF-8"],
    ),
    "Parquet cut short": (lambda p: table(p, "cut.parquet", cut_parquet(p)), ["data/cut.parquet", "cut"]),
    "target absent": (
        lambda p: table(p, "absent.csv", people(p).replace("label", "labels")),
        ["data/absent.csv", "'label'"],
    ),
    "target constant": (
        lambda p: table(p, "constant.csv", people(p, lambda row: with_label(row, "yes"))),
        ["data/constant.csv", "'yes'", "'label'", "data.target"],
    ),
    "all-null column": (
        lambda p: table(p, "hollow.csv", people(p, lambda row: f"{row.split(',')[0]},,{row.split(',', 2)[2]}")),
        ["data/hollow.csv", "'age'", "no value"],
    ),
    "ragged row": (lambda p: table(p, "ragged.csv", people(p) + "200,1,f\n"), ["data/ragged.csv", "202"]),
    "quote left open": (lambda p: table(p, "quote.csv", people(p) + '200,1,"f,yes\n'), ["data/quote.csv", "202"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_cannot_be_used_is_refused_before_anything_is_written(untouched, case):
    prepare, words = TABLES[case]
    uri = prepare(untouched)
    untouched.write_config("case", uri)

    sentence = refused(untouched, "--config", "case")

    assert [word for word in words if word not in sentence] == [], sentence


def test_a_class_too_rare_for_the_splits_is_refused_before_anything_is_written(untouched):
    uri = table(untouched, "rare.csv", people(untouched, with_one_maybe))
    data = {"uri": uri, "target": "label", "id": "id"}
    label = {"type": "string", "allowed": ["yes", "no", "maybe"]}
    columns = {"id": {"type": "integer"}, "age": {"type": "number", "nullable": True}, "sex": {"type": "string"}}
    untouched.write_config("rare", uri, data=data, contract={"columns": {**columns, "label": label}})

    sentence = refused(untouched, "--config", "rare")

    assert "maybe" in sentence
    assert "column label" in sentence


CONFIGS = {
    "unknown key": ({"spilt": {"method": "random"}}, ["configs/case.yaml", "spilt", "split"]),
    "wrong type": ({"seed": "many"}, ["configs/case.yaml", "seed", "many"]),
    "unknown candidate": (
        {"candidates": {"best": {"type": "xgboost"}}},
        ["configs/case.yaml", "candidates.best.type", "xgboost", "random_forest"],
    ),
    "unknown candidate parameter": (
        {"candidates": {"best": {"type": "logistic_regression", "params": {"depth": 3}}}},
        ["candidates.best.params.depth", "C"],
    ),
    "gate that is no condition": ({"gates": {"roc_auc": "high"}}, ["gates.roc_auc", "high", ">="]),
    "gate of an unknown figure": ({"gates": {"roc": ">= 0.5"}}, ["gates", "roc", "roc_auc"]),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_cannot_be_used_is_refused_before_anything_is_written(untouched, case):
    changes, words = CONFIGS[case]
    untouched.write_config("case", PEOPLE, **changes)

    sentence = refused(untouched, "--config", "case")

    assert [word for word in words if word not in sentence] == [], sentence


ARGUMENTS = {
    "unknown path at --set": (["--set", "splitt.test=0.3"], ["--set", "splitt", "split"]),
    "no value at --set": (["--set", "split.test"], ["--set", "split.test"]),
    "wrong type at --set": (["--set", "search.trials=few"], ["--set", "search.trials", "few"]),
    "unknown config": (["--config", "configs/peple.yaml"], ["configs/peple.yaml", "people"]),
    "unknown name of a config": (["--config", "peple"], ["peple", "people"]),
    "unknown stack": (["--stack", "lokal"], ["--stack lokal", "stacks/lokal.yaml", "local"]),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_that_name_nothing_are_refused_before_anything_is_written(untouched, case):
    arguments, words = ARGUMENTS[case]

    sentence = refused(untouched, "--config", "people", *arguments)

    assert [word for word in words if word not in sentence] == [], sentence


@pytest.fixture(scope="module")
def s3():
    with moto() as url:
        yield url


KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def test_a_bucket_that_is_not_there_is_refused(untouched, s3):
    untouched.write_config("bucket", "s3://nowhere/people.csv")

    sentence = refused(untouched, "--config", "bucket", AWS_ENDPOINT_URL=s3, **KEYS)

    assert "'nowhere'" in sentence
    assert "data.uri" in sentence


def test_an_s3_endpoint_that_refuses_connections_is_named(untouched):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        untouched.write_config("unreachable", "s3://bucket/people.csv")

        sentence = refused(untouched, "--config", "unreachable", AWS_ENDPOINT_URL=endpoint, **KEYS)

    assert endpoint in sentence
    assert "s3://bucket/people.csv" in sentence


def test_nothing_of_all_that_has_opened_zenml(untouched):
    assert list(untouched.home.iterdir()) == []
    assert not (untouched.root / ".zen").exists()
    assert not (untouched.root / ".switchyard").exists()
