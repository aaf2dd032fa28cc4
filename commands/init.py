"""`python run.py init`: a config for data that has none yet."""

from __future__ import annotations

import argparse

ABOUT = "Writes a commented config for a table, or for images if there is no --target."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a table (a CSV or Parquet file, a folder of them, or a URI), or images (one folder per class)",
    )
    parser.add_argument("--target", metavar="COLUMN", help="the column of a table to predict; leave it out for images")
    parser.add_argument("--name", metavar="NAME", help="the use case's name (default: from the file's name)")
    parser.add_argument("--force", action="store_true", help="overwrite an existing config")


def call(arguments: argparse.Namespace) -> None:
    """Reads the data once, writes the config, and says where it is.

    Raises:
        InputError: The data cannot be read, or the config is there already.
    """
    from switchyard.project import ROOT

    if arguments.target is None:
        from switchyard.data.images.init.init import write_image_config

        written = write_image_config(arguments.data, root=ROOT, name=arguments.name, force=arguments.force)
    else:
        from switchyard.data.tables.init.init import write_config

        written = write_config(arguments.data, arguments.target, root=ROOT, name=arguments.name, force=arguments.force)
    shown = written.relative_to(ROOT) if written.is_relative_to(ROOT) else written
    print(f"{shown} is written. Read it through, then run: python run.py --config {shown}")
