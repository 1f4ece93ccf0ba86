"""A patient's accounting of disclosures, as text and as a page ready for print (P8, 45 CFR 164.528)."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from activities.clinic_database.ledger import Accounted

ABOUT = {"cancellation": "that the person is not coming", "completion": "that the referral is done"}
"""What is told where nothing about the person is."""

COLUMNS = ("Date", "To whom", "What", "Why", "Basis")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Accounting of disclosures</title>
<style>
  @page {{ size: letter; margin: 2cm }}
  body {{ font: 11pt/1.4 Georgia, serif; color: #111 }}
  h1 {{ font-size: 16pt }}
  table {{ border-collapse: collapse; width: 100% }}
  th, td {{ border-bottom: 1px solid #999; padding: 4pt 6pt; text-align: left; vertical-align: top }}
  tr {{ page-break-inside: avoid }}
  thead {{ display: table-header-group }}
</style></head><body>
<h1>Accounting of disclosures</h1>
<p>{intro}</p>
<table><thead><tr>{heads}</tr></thead><tbody>
{rows}
</tbody></table>
</body></html>
"""


def row(one: Accounted, zone: ZoneInfo) -> tuple[str, str, str, str, str]:
    """One disclosure in the words of the accounting."""
    what = ", ".join(one.content).replace("_", " ")
    what = ABOUT.get(one.detail.get("what", ""), what)
    if one.detail.get("way") == "link":
        opened = one.detail.get("opened_at")
        when = f", opened {datetime.fromisoformat(opened).astimezone(zone):%Y-%m-%d %H:%M}" if opened else ""
        what = f"that an answer is awaited: a link without content{when}"
    if one.state == "uncertain":
        what += " (it is not certain that it arrived)"
    basis = f"consent {one.consent_id}" if one.basis == "consent" else one.basis
    if one.basis == "none":
        basis = "no consent was on record"
    if one.basis == "emergency":
        about = one.detail
        basis = (
            f"medical emergency: {about.get('nature', '')}; to {about.get('recipient', '')} "
            f"({about.get('profession', '').replace('_', ' ')}) at "
            f"{about.get('facility', '')}; by {about.get('discloser', '')}"
        )
    return (
        f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}",
        ", ".join(part for part in (one.name, one.address) if part) or one.recipient,
        what,
        one.purpose.replace("_", " "),
        basis,
    )


def intro(count: int, since: datetime | None, zone: ZoneInfo) -> str:
    """The sentence above the list."""
    from_day = f" since {since.astimezone(zone):%Y-%m-%d}" if since else ""
    if not count:
        return f"No disclosure to anybody outside the program is on record{from_day}."
    return f"{count} disclosure{'s' if count > 1 else ''} to parties outside the program{from_day}, the oldest first."


def page(found: Sequence[Accounted], since: datetime | None, zone: ZoneInfo) -> str:
    """The accounting as an HTML page that prints well; it names no patient, for the cover letter does."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row(one, zone)) + "</tr>" for one in found
    )
    return _PAGE.format(intro=escape(intro(len(found), since, zone)), heads=heads, rows=rows)
