"""The manual's tables of hyperparameters are those that the config takes, with their defaults."""

import re
from pathlib import Path

from switchyard.training.images.settings import SETTINGS

MANUAL = (Path(__file__).parents[3] / "docs" / "config-images.md").read_text()


def documented() -> dict[str, str]:
    """Default by key, of the tables below the heading of candidates."""
    section = MANUAL[MANUAL.index("## `candidates`") : MANUAL.index("## `evaluation`")]
    return dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|", section, re.MULTILINE))


def test_every_hyperparameter_is_in_the_manual_with_its_default():
    rows = documented()
    fields = {name: field for kind in SETTINGS.values() for name, field in kind.model_fields.items()}
    for name, field in fields.items():
        if name not in ("size", "channels", "processes"):  # those of the section `image`; counted from the GPUs
            said = rows[name].strip("`").replace(",", "")
            expected = str(field.default).lower()
            assert float(said) == field.default if expected[0].isdigit() else said == expected, name
    assert set(rows) - set(fields) == {"type", "params", "search"}
    assert "processes" in rows
