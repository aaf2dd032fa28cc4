"""McNemar's test: whether two models that labelled the same rows differ in accuracy.

Only rows that one has right and the other wrong say anything. If they are few, the test is the exact binomial one
(McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
12 (1947), 153-157); from `EXACT_BELOW` on it is the asymptotic one without continuity correction, which keeps the
error rate better (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13 (2013), 91). The interval is
Bonett and Price's adjusted Wald interval ("Adjusted Wald confidence interval for a difference of binomial
proportions based on paired data", Journal of Educational and Behavioral Statistics 37 (2012), 479-488).
"""

from __future__ import annotations

from switchyard.statistics.difference import Difference
from switchyard.statistics.metrics import Bools

EXACT_BELOW = 25


def mcnemar(champion: Bools, challenger: Bools, confidence: float = 0.95) -> Difference:
    """Compares two accuracies.

    Args:
        champion: Which rows the one model has right, shape (rows,).
        challenger: Which rows the other has right.
        confidence: Of the interval.
    """
    from scipy.stats import norm

    rows = len(champion)
    gained, lost = int((challenger & ~champion).sum()), int((champion & ~challenger).sum())
    more, fewer = (gained + 1) / (rows + 2), (lost + 1) / (rows + 2)
    centre, error = more - fewer, ((more + fewer - (more - fewer) ** 2) / (rows + 2)) ** 0.5
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    low, high = max(centre - reach, -1.0), min(centre + reach, 1.0)
    return Difference(float(champion.mean()), float(challenger.mean()), low, high, _p(gained, lost))


def _p(gained: int, lost: int) -> float:
    from scipy.stats import binomtest, chi2

    discordant = gained + lost
    if not discordant:
        return 1.0
    if discordant < EXACT_BELOW:
        return float(binomtest(gained, discordant).pvalue)
    return float(chi2.sf((gained - lost) ** 2 / discordant, 1))
