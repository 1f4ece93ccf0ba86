"""Numbers of a payer's refusal and its appeal (S11)."""

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Payer(Part):
    """A payer's refusal and its appeal (S11)."""

    appeal: Delay = Delay(business_days=2)
    """Until the appeal is filed; sooner where the payer's notice names an earlier last day."""
    answer: Delay = Delay(hours=72)
    """Until the payer is asked for its answer: an urgent appeal, as one about care under way is, is answered within
    72 hours (29 CFR 2560.503-1(i)(2)(i), 45 CFR 147.136(b))."""
    answer_again: Delay = Delay(business_days=1)
    """After the payer was asked and has not answered."""
