"""A guessed use case of images as the text of a commented YAML file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from switchyard.data.images.init.first_guess import ImageGuess
from switchyard.data.images.source import ImageSource
from switchyard.data.yaml_scalars import comment, sequence, text

_MOST_CLASSES = 100  # a longer list helps nobody who reads the file


def render(use_case: str, source: ImageSource, found: ImageGuess) -> str:
    """The whole file.

    Args:
        use_case: Its name.
        source: For the URI and the format.
        found: What was decided.
    """
    return "\n".join([*_head(use_case, source, found), *_contract(found), *_middle(found), *_end(found)]) + "\n"


def _head(use_case: str, source: ImageSource, found: ImageGuess) -> Iterator[str]:
    yield f"# A first guess by `python run.py init` from the {found.images:,} images of {comment(source.shown)}."
    yield "# Read it through, above all the contract and the gates, and change what you know better."
    yield "# Run it with `python run.py --config` and this file's path."
    yield f"name: {text(use_case)}  # names the runs, the model and the endpoint: small letters, digits, hyphens"
    yield "task: image_classification  # or image_retrieval: nearest neighbours among the training images"
    yield "seed: 0  # the same seed, data and code give the same model"
    yield "threads: 1  # of the training; another number may give slightly other models"
    yield ""
    yield "data:  # where the images are"
    yield f"  uri: {text(source.uri)}  # a path, s3:// or, for an archive or Parquet, https://"
    yield f"  format: {source.format}  # folder or archive (one folder a class), parquet, csv; auto: by the name"
    if source.format in ("parquet", "csv"):
        what = "the encoded bytes" if source.format == "parquet" else "paths, relative to the CSV"
        yield f"  image: image  # the column of {what}"
        yield "  label: label  # the column of the classes"
    yield ""


def _contract(found: ImageGuess) -> Iterator[str]:
    smallest = min(found.classes, key=lambda name: found.classes[name])
    few = found.classes[smallest]
    yield "contract:  # what the images must look like, now and later; if not, the run stops before training"
    yield f"  formats: {sequence(found.formats)}  # of the files; others may not occur"
    yield f"  modes: {sequence(found.modes)}  # kinds of pixels, in Pillow's words; others may not occur"
    for side, (low, high) in (("width", found.widths), ("height", found.heights)):
        lowest, highest = (low, high) if low == high else (max(1, low // 2), high * 2)
        yield f"  min_{side}: {lowest}  # in pixels; seen: {low:,} to {high:,}"
        yield f"  max_{side}: {highest}"
    if len(found.classes) <= _MOST_CLASSES:
        yield f"  classes: {sequence(list(found.classes))}  # each must be there, others may not occur"
    else:
        yield f"  # classes: [CLASS, …]  # each must be there, others may not occur; {len(found.classes):,} were found"
    yield f"  min_images: {max(1, found.images // 2)}  # fewer mean that something went wrong; guessed: half"
    note = f"the smallest class, {comment(smallest)}, has {few:,}"
    note += "" if few >= 3 else ", too few for a split into three parts: add images, or remove it"
    yield f"  min_images_per_class: {max(3, few // 2)}  # {note}"
    first = next(iter(found.unreadable.items()), None)
    named = f"; the first one now: {comment(' '.join(first))}" if first else ""
    yield f"  max_unreadable: {len(found.unreadable)}  # files that are no image, or damaged{named}"
    spare = found.images // 100 if found.duplicates else 0
    yield f"  max_duplicates: {found.duplicates + spare}  # images that repeat another one byte for byte"
    yield f"  max_conflicts: {found.conflicts}  # images that stand in more than one class"
    yield "  near_duplicates:  # pairs of images that look the same"
    yield "    distance: 2  # bits of 64 in which their perceptual hashes differ at most"
    yield "    # max: 100  # how many pairs there may be; without it they are not counted"
    yield "  distribution:  # how far classes, sizes, brightness and colours may move from the last accepted images"
    yield "    method: psi  # psi (population stability index) or ks (Kolmogorov-Smirnov)"
    yield "    max: 0.25  # a PSI above 0.25 is commonly called a large shift"
    yield ""


def _middle(found: ImageGuess) -> Iterator[str]:
    bits = "null" if found.keep_together is None else found.keep_together
    yield "split:"
    yield "  method: stratified  # each part gets the same share of each class; or random"
    yield "  validation: 0.2  # the share that decides between the candidates"
    yield "  test: 0.2  # the share that is looked at once, by the gates"
    yield f"  keep_together: {bits}  # images whose perceptual hashes differ in at most so many bits go the same way"
    yield ""
    yield "image:  # what the network sees"
    yield f"  size: [{found.size[0]}, {found.size[1]}]  # height and width that images are resized to; larger is slower"
    yield f"  channels: {found.channels}  # 1 (grey) or 3 (RGB)"
    yield ""
    yield "# The best candidate on the validation images goes on."
    yield "candidates:"
    yield "  cnn:  # a small convolutional network"
    yield "    type: cnn"
    yield "    params: {}  # fixed hyperparameters; see docs/config-images.md"
    yield ""


def _end(found: ImageGuess) -> Iterator[str]:
    majority = math.ceil(max(found.classes.values()) / found.images * 1000) / 1000
    yield "metrics:"
    yield "  primary: accuracy  # decides between the candidates"
    yield "  bootstrap: 1000  # resamples for the intervals"
    yield "  confidence: 0.95  # of the intervals"
    yield ""
    yield "# What the model must reach on the test images; if not, nothing is deployed. These are starting points:"
    yield "# they only ask to beat an answer given without a look at the image. Raise them."
    yield "gates:"
    yield f'  accuracy.low: "> {majority:g}"  # low end of the interval; the most frequent class for all has this'
    yield '  parity: "<= 1e-5"  # how far the exported model may be off the trained one'
    yield ""
    yield "champion:  # how a new model is held against the one in production, on test images that neither has seen"
    yield "  test: auto  # by the primary metric: mcnemar for accuracy, delong for roc_auc, bootstrap for any other"
    yield "  alpha: 0.05  # how often two equally good models are told apart"
    yield "  too_close: keep  # the champion, if they cannot be told apart; promote: the new one, by its gates alone"
    yield "  worse: keep  # the champion, and complete the run; fail: end it with exit code 1"
    yield ""
    yield "deployment:  # the endpoint, once all gates have passed"
    yield "  host: 127.0.0.1  # reachable from this machine only"
    yield "  port: 8080  # the next free one is taken if it is in use"
    yield "  golden_rows: 5  # test images that are asked through the endpoint before it goes live"
    yield "  max_request_mb: 8.0  # a larger request is refused"
