"""Charts of a report as inline SVG, by kind: curves, dots with intervals, errors, costs."""
