"""The charts that a report's figures allow: a model that answers NaN has no curve."""

from __future__ import annotations

from typing import Any

from switchyard.evaluation.report import view


def drawn(report: dict[str, Any]) -> dict[str, str]:
    """SVG by name.

    Args:
        report: Of an evaluation, with whatever sections it has.
    """
    from switchyard.evaluation.report.charts import costs, curves, dots, epochs, errors

    test, primary, target = report["test"], report["selection"]["metric"], report["data"]["target"]
    best = report["best"]
    rated = [dots.Line(each["name"], each["metrics"][primary], each["name"] == best) for each in report["candidates"]]
    found = {"candidates": dots.dots(rated, primary, f"{primary} of each candidate with its interval")}
    if any((test.get("roc") or {}).values()):
        found["roc"] = curves.roc(test["roc"])
    if any((test.get("pr") or {}).values()):
        found["pr"] = curves.precision_recall(test["pr"])
    if "residuals" in test:
        found["residuals"] = errors.residuals(test["residuals"]["histogram"])
        found["predicted_true"] = errors.predicted_true(test["residuals"]["sample"], target)
    if report.get("calibration", {}).get("bins"):
        found["calibration"] = curves.calibration(report["calibration"]["bins"])
    if report.get("thresholds", {}).get("rows"):
        found["costs"] = costs.costs(report["thresholds"], report["unit"])
    if rows := [each for each in report.get("deciles", []) if each["n"]]:
        found["deciles"] = errors.deciles(rows, target)
    if history := report.get("training", {}).get("epochs"):
        found["epochs"] = epochs.epochs(history)
    if report.get("retrieval"):
        found |= _of_retrieval(report)
    return found | _dotted(report, primary)


def _of_retrieval(report: dict[str, Any]) -> dict[str, str]:
    from switchyard.evaluation.report.charts import dots, neighbours

    found, metrics = report["retrieval"], report["test"]["metrics"]
    lines = [dots.Line(name.replace("_", " "), metrics[name]) for name in metrics if name.startswith("recall_at_")]
    lines.append(dots.Line("map", metrics["map"]))
    told = (
        f"share of test images with one of their class among the nearest; at 1: {metrics['recall_at_1']['value']:.3f}"
    )
    drawings = {"recall_at": dots.dots(lines, "share of test images", told)}
    drawings["scores"] = neighbours.scores(found["verification"], found["open_set"]["threshold"])
    if found.get("embedding_map"):
        drawings["embedding_map"] = neighbours.embedding_map(found["embedding_map"], view.map_classes(report))
    return drawings


def _dotted(report: dict[str, Any], primary: str) -> dict[str, str]:
    from switchyard.evaluation.report.charts.dots import Line, dots, seeds

    found, whole, unit = {}, report["test"]["metrics"][primary]["value"], report["unit"]
    worst = [each for each in view.slices(report) if each.gap is not None and not each.small][: view.CHART_LINES]
    if worst:
        lines = [Line(each.label, each.found[primary], each.apart) for each in worst]
        told = f"{primary} of {len(lines)} slices against that of all test {unit}s; the worst is {worst[0].label}"
        found["slices"] = dots(lines, primary, told, reference=whole)
    ranked = [each for each in view.importances(report) if each[1]["value"] is not None][: view.CHART_LINES]
    if ranked:
        lines = [Line(column, estimate) for column, estimate in ranked]
        told = f"loss of {primary} by shuffled column; the largest is that of {ranked[0][0]}"
        found["importances"] = dots(lines, f"loss of {primary}", told, bars=True)
    if report.get("robustness"):
        lines = [Line(each.label, each.found, bool(each.loss)) for each in view.robustness(report)]
        found["robustness"] = dots(lines, primary, f"{primary} on shaken test {unit}s", reference=whole)
    if report.get("stability", {}).get("values"):
        about = report["stability"]
        found["stability"] = seeds(about["values"], about["seeds"], about["metric"], about.get("mean"))
    return found
