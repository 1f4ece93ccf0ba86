"""Which duty a decision answers, and why it may not (E10)."""

from collections.abc import Iterable, Mapping

from workflows.core.calendar import in_words
from workflows.core.duties import Duty
from workflows.core.entries import Decision
from workflows.core.errors import NotAllowedNow
from workflows.core.facts import Facts

NEEDS_REASON = frozenset({"advance", "propose", "approve", "close", "reject", "return_to_program"})
"""Choices that a person must give a reason for (S12, E2)."""


def answered_duty(
    decision: Decision, duties: Iterable[Duty], task_ids: Mapping[str, str], facts: Facts
) -> Duty:
    """The duty that a decision answers.

    Args:
        decision: `about` names a duty by its task's id, its key, or its kind where only one is open.
        duties: Everything that may be decided now, tasks and standing questions.
        task_ids: Ids of the open tasks by duty key.
        facts: The facts of the moment.

    Raises:
        NotAllowedNow: nothing of that name is open, or the choice is none of its outcomes; the message lists
            what may be decided.
    """
    may = [duty for duty in duties if facts.answer(duty.key) is None]
    named = [duty for duty in may if decision.about in (task_ids.get(duty.key), duty.key)]
    found = named or [duty for duty in may if duty.kind == decision.about]
    if not found:
        raise NotAllowedNow(f"{_already_decided(decision, facts)}Open for decision are: {_listed(may)}.")
    able = [duty for duty in found if decision.choice in duty.outcomes]
    if not able:
        raise NotAllowedNow(
            f"choice: {decision.choice} is no outcome of {found[0].kind}; "
            f"its outcomes now are: {', '.join(o for d in found for o in d.outcomes)}."
        )
    if len(able) > 1:
        raise NotAllowedNow(
            f"about: {len(able)} tasks of the kind {decision.about} are open; name one by its id: "
            f"{', '.join(task_ids.get(duty.key, duty.key) for duty in able)}."
        )
    duty = able[0]
    if decision.choice in NEEDS_REASON and not decision.reason:
        raise NotAllowedNow(f"reason: {decision.choice} about {duty.kind} needs a reason.")
    proposal = facts.answer("involuntary_discharge")
    if duty.kind == "involuntary_review" and proposal and proposal.by == decision.by:
        raise NotAllowedNow("by: the person who proposed an involuntary discharge may not decide on it (E2).")
    return duty


def _already_decided(decision: Decision, facts: Facts) -> str:
    for key in reversed(list(facts.frame.answers)):
        answer = facts.answer(key)
        if answer and decision.about in (key, key.partition(":")[0]):
            return (
                f"{key.partition(':')[0]} was decided as {answer.choice} by {answer.by} on "
                f"{in_words(answer.at)}; the episode is now in {facts.frame.periods[-1][0]}. "
            )
    return f"about: nothing named {decision.about} is open. "


def _listed(duties: Iterable[Duty]) -> str:
    listed = "; ".join(f"{duty.kind} ({', '.join(duty.outcomes)})" for duty in duties)
    return listed or "nothing at the moment"
