"""Six trivial assets, each passes a number on: in Dagster, with an instance in DAGSTER_HOME, in one process."""

from __future__ import annotations

from dagster import AssetIn, AssetsDefinition, DagsterInstance, asset, materialize


@asset
def number_1() -> int:
    """The first number."""
    return 1


def following(index: int) -> AssetsDefinition:
    """The asset after `number_{index - 1}`."""

    @asset(name=f"number_{index}", ins={"number": AssetIn(f"number_{index - 1}")})
    def add_one(number: int) -> int:
        """The next one."""
        return number + 1

    return add_one


if __name__ == "__main__":
    done = materialize([number_1, *map(following, range(2, 7))], instance=DagsterInstance.get())
    if done.output_for_node("number_6") != 6:
        raise SystemExit(f"{done.output_for_node('number_6')} instead of 6")
