"""What a referral tells its episode. The referral keeps its own record; here stands only what the episode reads."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from workflows.core.engine.entry import Code, Entry


class ReferralNews(Entry):
    """How a referral stands: `visited` once the patient has come for the first time, `closed` with its reason."""

    kind: Literal["referral_news"]
    referral_id: Code
    """Which referral."""
    state: Literal["open", "visited", "closed"]
    """How it stands."""
    reason: Code | None = None
    """Why it is closed."""
    at: AwareDatetime
    """Since when."""

    def when(self) -> datetime:
        return self.at
