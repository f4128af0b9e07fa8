"""A comparison: both sides of a flow beside each other, page by page. What differs is named and, by choice, asked for again.

First the source is read, and every record weighed against what was written of it; then the target is looked through, and
compared with the same; what was not seen at a side is missing there.
"""

from __future__ import annotations

from app.comparison.report import Report
from app.comparison.source import SourceSide
from app.comparison.tally import Tally
from app.comparison.target import TargetSide
from app.store import comparisons


async def compare(report: Report) -> Tally:
    """All of it, as far as the flow's kind says. Raises what either side raises, and Stopped."""
    source = SourceSide(report)
    target = TargetSide(report, source)
    if report.kind.compares == "both":
        report.tally.source_read = True
        await source.read()
    for kind in report.looked:
        report.tally.target_read = True
        await target.look_through(kind)
        await target.look_for_missing(kind)
    for kind in report.shown:
        report.tally.target_read = True
        await target.ask_for(kind)
        await target.look_for_missing(kind)
    if report.makes is not None:
        report.tally.target_read = True
        await target.look_for_made(report.makes)
    async with report.route.db.read() as conn:
        report.tally.outcomes = await comparisons.outcomes_of(conn, report.route.flow_id)
    await report.go_on()
    return report.tally
