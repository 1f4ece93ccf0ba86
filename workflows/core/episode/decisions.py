"""Which duty a decision answers, and why it may not (E10)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from workflows.core.engine.calendar import in_words
from workflows.core.engine.duty import ALWAYS, Duty
from workflows.core.engine.errors import NotAllowedNow
from workflows.core.engine.keys import kind_of, subject_of
from workflows.core.engine.signing import CLINICIANS, ON_CALL, Signers, signers
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.entries import Decision, Source
from workflows.core.episode.facts import Answer, Facts
from workflows.core.episode.intake.entries import level_named
from workflows.core.episode.review import ALWAYS_WEIGHTY

NEEDS_REASON = frozenset(
    {
        "advance",
        "propose",
        "approve",
        "close",
        "reject",
        "return_to_program",
        "discharge",
        "rescind",
        "uphold",
        "not_appealed",
    }
)
"""Choices that a person must give a reason for (S11, S12, E2)."""


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids by which people name tasks."""

    of_open: Mapping[str, str]
    """Of the open tasks, by duty key."""
    asked_by: Callable[[str], str | None]
    """The duty key of any task that ever was, by its id."""


def may_be_answered(duty: Duty, facts: Facts) -> bool:
    """Whether a duty is open for an answer now."""
    return facts.answer(duty.key) is None and (duty.early or duty.since <= facts.now)


def answer_to(decision: Decision, duties: Iterable[Duty], ids: Ids, facts: Facts) -> tuple[str, Answer]:
    """The key of the duty that a decision answers, and what is kept of the answer.

    Args and errors are those of `answered_duty`.
    """
    placed = facts.record.place(decision, facts.now)
    try:
        duty = answered_duty(decision, duties, ids, facts)
    except NotAllowedNow:
        # What was decided in another system is history: it needs no task that asked for it here (T7).
        if not placed.is_history:
            raise
        able = _of_history(decision, facts)
        if able:
            _check_signed(decision, kind_of(decision.about), signers(facts.team, able), facts)
        return f"{decision.about}:{decision.key}", Answer(
            decision.choice,
            decision.by,
            placed.effective_at,
            decision.key,
            decision.reason,
            signed_by=able,
        )
    return duty.key, Answer(
        choice_of(decision, duty),
        decision.by,
        placed.effective_at,
        decision.key,
        decision.reason,
        duty.entries,
        duty.signed_by,
        duty.not_by,
        at_hand=duty.role == ON_CALL,
    )


def _of_history(decision: Decision, facts: Facts) -> tuple[str, ...]:
    """Who may take back what another system tells of: whoever would have to decide it here (E0)."""
    said, frame = (kind_of(decision.about), decision.choice), facts.frame
    if frame.exits.get(said) == "involuntary":
        return ("director",)
    return CLINICIANS if said in frame.moves or said[0] in ALWAYS_WEIGHTY else ()


def answered_duty(decision: Decision, duties: Iterable[Duty], ids: Ids, facts: Facts) -> Duty:
    """The duty that a decision answers.

    Args:
        decision: `about` names a duty by its task's id, its key, or its kind where only one is open.
        duties: Everything that may be decided now, tasks and standing questions.
        ids: How tasks are named.
        facts: The facts of the moment.

    Raises:
        NotAllowedNow: nothing of that name is open, or the choice is none of its outcomes; the message lists
            what may be decided.
    """
    may = [duty for duty in duties if may_be_answered(duty, facts)]
    task_ids = ids.of_open
    named = [duty for duty in may if decision.about in (task_ids.get(duty.key), duty.key)]
    found = named or [duty for duty in may if duty.kind == decision.about]
    asked_by = None if found else ids.asked_by(decision.about)
    if asked_by and facts.answer(asked_by) is None:
        found = [duty for duty in may if _takes_the_place(duty, asked_by, decision.choice)]
    if not found:
        raise NotAllowedNow(
            f"{_already_decided(decision, facts, asked_by)}Open for decision are: {_listed(may)}."
        )
    able = [duty for duty in found if choice_of(decision, duty) in accepted(duty)]
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
    _check_who(decision, able[0], facts)
    _check_when(decision, able[0], facts)
    if decision.choice in NEEDS_REASON and not decision.reason:
        raise NotAllowedNow(f"reason: {decision.choice} about {able[0].kind} needs a reason.")
    return able[0]


def choice_of(decision: Decision, duty: Duty) -> str:
    """The outcome that a decision names; a level of care goes by either of its names (I5)."""
    if duty.kind == "level_of_care":
        return str(level_named(decision.choice))
    return dict(duty.kept_as).get(decision.choice, decision.choice)


def accepted(duty: Duty) -> tuple[str, ...]:
    """Every way to name an outcome of a duty, as `choice_of` gives it."""
    return (*duty.outcomes, *(kept for _, kept in duty.kept_as))


CHOOSES_AN_ENTRY = frozenset({"attendance_conflict"})
"""Kinds of tasks whose outcomes are words for their entries, in this order."""


def accepted_by(kind: str, outcomes: Collection[str], entries: Collection[str]) -> tuple[str, ...]:
    """The same for a task: what was chosen by the id of an entry goes on to be accepted so."""
    return (*outcomes, *(entries if kind in CHOOSES_AN_ENTRY else ()))


def _check_who(decision: Decision, duty: Duty, facts: Facts) -> None:
    if (source := spoken_by(decision)) not in Decision.stated_by:
        raise NotAllowedNow(
            f"source: a decision is signed by a named person of the staff; a {source.value} states facts only (E1)."
        )
    able = duty.signers(facts.team)
    is_news = not facts.record.place(decision, facts.now).is_history
    if is_news or duty.signed_by:  # what nobody in particular signs, its time knew who did it (T7)
        _check_signed(decision, duty.kind, able, facts)


def _check_signed(decision: Decision, kind: str, able: Signers, facts: Facts) -> None:
    if objection := able.objection(kind, decision.by, facts.known_as(decision.by)):
        brought = " An import brings a decision only with the person who signed it (E1)."
        raise NotAllowedNow(f"by: {objection}{brought if decision.source is Source.IMPORT else ''}")


def _check_when(decision: Decision, duty: Duty, facts: Facts) -> None:
    """A decision is not older than what it answers; but it may be as old as the entries that this rests on, if these
    were recorded late. The steps of a discharge follow each other (E2)."""
    if decision.on is None or duty.early or not (duty.is_task or ALWAYS < duty.since < facts.now):
        return
    grounds = [recorded.effective_at for key in duty.entries if (recorded := facts.record.get(key))]
    arose = duty.since if duty.rule == "E2" else min([duty.since, *grounds])
    if decision.on < facts.calendar.day_of(arose):
        raise NotAllowedNow(
            f"on: {decision.on} lies before the day on which {duty.kind} came up, {facts.calendar.day_of(arose)}."
        )


SAYS_THE_SAME = frozenset({"reached", "crisis"})
"""Outcomes that are true whichever step of a search asked for them."""


def _takes_the_place(duty: Duty, former: str, choice: str) -> bool:
    """Whether a duty asks what a task had asked that has ended without an answer, so that the answer is not lost: a
    step of the same search, or the same question asked anew."""
    same = subject_of(duty.key) == subject_of(former)
    return choice in accepted(duty) and same and (duty.kind == kind_of(former) or choice in SAYS_THE_SAME)


def _already_decided(decision: Decision, facts: Facts, asked_by: str | None) -> str:
    for key in reversed(list(facts.frame.answers.given)):
        answer = facts.answer(key)
        if answer and (decision.about in (key, kind_of(key)) or key == asked_by):
            return (
                f"{kind_of(key)} was decided as {answer.choice} by {answer.by} on "
                f"{in_words(answer.at)}; the episode is now in {facts.periods[-1][0]}. "
            )
    if asked_by:
        what = kind_of(asked_by)
        return f"about: the task {decision.about} ({what}) is no longer owed; what it asked for has changed. "
    return f"about: nothing named {decision.about} is open. "


def _listed(duties: Iterable[Duty]) -> str:
    listed = "; ".join(f"{duty.kind} ({', '.join(duty.outcomes)})" for duty in duties)
    return listed or "nothing at the moment"
