"""The section Robustness: the primary metric on perturbed test data (corruption robustness).

How the data is perturbed depends on its kind: see the modules of the same name in `tables/sections` and
`images/sections`, which measure. Here is what they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import ContextT, SchemaT, Section

_FIGURES = {"loss": "loss", "loss_low": "lower end of the loss", "loss_high": "upper end of the loss"}


@dataclass(frozen=True)
class Perturbed:
    """One way to perturb the test data, or none.

    Attributes:
        label: Its name; with its strength, if it was measured at several.
        found: The estimate of the primary metric.
        loss: `loss`, `loss_low` and `loss_high`; empty for unperturbed data.
    """

    label: str
    found: Mapping[str, Any]
    loss: dict[str, Any]


def perturbed(report: EvaluationReport) -> list[Perturbed]:
    """The unperturbed test data, then each perturbation at each of its strengths."""
    primary = report.selection.metric
    listed = [Perturbed("as they are", report.test.metrics[primary], {})]
    for kind, found in (report.get("robustness") or {}).items():
        milder, label = found.get("milder", {}), found.get("label", kind)
        rising = sorted(milder.items(), key=lambda each: float(each[0]))  # JSON sorts them as text
        listed += [Perturbed(f"{label} {strength}", each[primary], each) for strength, each in rising]
        listed.append(Perturbed(f"{label} {found['strength']:g}" if milder else label, found[primary], found))
    return listed


class Robustness(Section[ContextT, SchemaT]):
    """What every kind of data shares."""

    key, title, position = "robustness", "Robustness", 160
    template = Path(__file__).with_suffix(".html")
    offers_gates = True

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        kind, _, what = rest.partition(".")
        found = report[self.key][kind]
        how = found.get("label", kind)
        if what.startswith("milder."):
            strength, _, what = what.removeprefix("milder.").rpartition(".")
            found = found["milder"][strength]
        how += f", {found['about']}" if "about" in found else ""
        figure = _FIGURES.get(what)
        return f"{figure} of {report.selection.metric} with {how}" if figure else f"{what} with {how}"

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The metric on each perturbation."""
        from switchyard.evaluation.report.charts.dots import Line, dots

        if not report.get(self.key):
            return {}
        primary = report.selection.metric
        lines = [Line(each.label, each.found, bool(each.loss)) for each in perturbed(report)]
        label = f"{primary} on perturbed test {report.unit}s"
        return {"robustness": dots(lines, primary, label, reference=report.test.metrics[primary]["value"])}

    def rows(self, report: EvaluationReport) -> list[Perturbed]:
        """See `perturbed`."""
        return perturbed(report)
