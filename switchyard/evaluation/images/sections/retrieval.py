"""The section Retrieval: neighbours in the gallery, the open set, and verification."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place, numbers
from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.gate_schema import ImageGates
from switchyard.evaluation.images.image_section import ImageSection
from switchyard.evaluation.section import Measurement

_COLOURS = 10  # of the page


class Retrieval(ImageSection):
    """Of a model that answers with the nearest images of its gallery."""

    key, title, position = "retrieval", "Retrieval", 30
    template = Path(__file__).with_suffix(".html")
    offers_gates = True
    needs_data = ("retrieval.open_set.",)

    def measure(self, context: ImageContext) -> Measurement | None:
        """See `RetrievalSubject.retrieval`."""
        found = context.subject.retrieval(context.inference, context.metrics, context.seed)
        return Measurement(found) if found else None

    def gate_schema(self, schema: ImageGates) -> Mapping[str, Place]:
        """Gallery, search, verification and open set."""
        if schema.task != "image_retrieval":
            return {}
        of_unknown = ("unknown_refused", "auroc") if schema.has_unseen else ()
        open_set = dict.fromkeys(("known_refused", "known_right", *of_unknown), ESTIMATE)
        verification = {"threshold": NUMBER, "pairs": numbers("genuine", "impostor")}
        below = {
            "gallery": numbers("images", "classes"),
            "search_recall": NUMBER,
            "verification": Place(below=verification),
            "open_set": Place(below={"threshold": NUMBER, **open_set}),
        }
        return {self.key: Place(below=below)}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        if not rest.startswith("open_set."):
            return {
                "search_recall": "share of the true nearest neighbours that the search finds",
                "verification.threshold": "cosine at which the two error rates are equal",
                "gallery.images": "images in the gallery",
                "gallery.classes": "classes in the gallery",
            }.get(rest, "")
        at = f"below a cosine of {report[self.key]['open_set']['threshold']:.3g}"
        return {
            "unknown_refused": f"share of images of unknown classes that are refused {at}",
            "known_refused": f"share of images of known classes that are refused {at}",
            "known_right": "share of images of known classes that are accepted with the right class",
            "auroc": "how well the cosine separates images of known classes from others",
        }.get(rest.removeprefix("open_set."), "")

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """Recall at k, genuine and impostor scores, and the map of embeddings."""
        from switchyard.evaluation.report.charts import dots, neighbours

        found, metrics = report.get(self.key), report.test.metrics
        if not found:
            return {}
        lines = [dots.Line(name.replace("_", " "), metrics[name]) for name in metrics if name.startswith("recall_at_")]
        lines.append(dots.Line("map", metrics["map"]))
        at_1 = f"at 1: {metrics['recall_at_1']['value']:.3f}"
        label = f"share of test images with an image of the same class among the nearest; {at_1}"
        drawn = {"recall_at": dots.dots(lines, "share of test images", label)}
        drawn["scores"] = neighbours.scores(found["verification"], found["open_set"]["threshold"])
        if found.get("embedding_map"):
            drawn["embedding_map"] = neighbours.embedding_map(found["embedding_map"], self.map_classes(report))
        return drawn

    def map_classes(self, report: EvaluationReport) -> list[tuple[str, bool]]:
        """The classes on the map of embeddings and whether the gallery knows them, the known ones first."""
        known, drawn = set(report.data.classes or ()), report[self.key]["embedding_map"]
        labels = sorted(set(drawn["labels"]), key=lambda label: (label not in known, label))
        return [(label, label in known) for label in labels]

    def map_legend(self, report: EvaluationReport) -> list[tuple[str, int, bool]]:
        """Each class with the number of its colour, as long as there is a colour for each."""
        listed = self.map_classes(report)
        return [(label, place % _COLOURS, known) for place, (label, known) in enumerate(listed)][:_COLOURS]


SECTION = Retrieval()
