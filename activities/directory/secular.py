"""Secular mutual help that everybody can join from anywhere, for a list that would otherwise hold none (C4).

Facts of the organisations' own sites: both hold online meetings every day. No directory needs to be read for them.
"""

from activities.directory.listing import Listing

SOURCE = "always"

ALWAYS = (
    Listing(
        source=SOURCE, source_id="smart-online", kind="mutual_help", name="SMART Recovery, online meetings",
        fellowship="smart", secular=True, timezone="UTC", other_times="several meetings every day", modality="online",
        url="https://meetings.smartrecovery.org/", join_url="https://meetings.smartrecovery.org/", languages=("en",),
        open_meeting=True,
    ),
    Listing(
        source=SOURCE, source_id="lifering-online", kind="mutual_help",
        name="LifeRing Secular Recovery, online meetings", fellowship="lifering", secular=True, timezone="UTC",
        other_times="several meetings every day", modality="online", url="https://lifering.org/meeting-menu/", join_url="https://lifering.org/meeting-menu/",
        languages=("en",), open_meeting=True,
    ),
)  # fmt: skip
