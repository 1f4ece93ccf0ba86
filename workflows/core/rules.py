"""The clinical and legal rules, each in one sentence: what an identifier such as S6 means, for whoever meets one.

`carepath rules` shows beside each sentence the functions, tests and numbers that carry it, found by the identifier in
their own words. So a rule has no list to be kept: whoever writes a function for it names it.
"""

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "T": "Time and truth",
    "I": "Intake",
    "A": "Attendance and dose",
    "S": "Use, tests and the gate",
    "C": "Aftercare and linkage",
    "E": "Exits, pauses, crises",
    "P": "Privacy and disclosure",
    "M": "Measurement by instruments",
}
"""What the letter of an identifier stands for."""

RULES: Mapping[str, str] = {
    "T1": "A sobriety window is counted in calendar days of the program's time zone, never in hours.",
    "T2": "Each entry keeps both when it was true and when it was recorded, so that it can be asked what was known "
    "on an earlier day.",
    "T3": "Nothing is deleted: a wrong entry is retracted or replaced with a reason, all that followed from it is "
    "computed again, and people see what has changed.",
    "T4": "Entries may come late, twice and in any order; the same entry counts once, and where things stand does not "
    "depend on the order.",
    "T5": "What is said to have happened may not lie in the future, but for a small difference between clocks.",
    "T6": "Each deadline says whether it runs by the clock or in business time, and business time ends on an open day.",
    "T7": "After an outage nothing stale is sent and no task is born overdue: it is due from when it could first be "
    "known.",
    "T8": "An episode keeps the policy with which it began until a changed one is adopted on record, and a running "
    "deadline is not begun again.",
    "I1": "A screening asks what makes a program from home unsafe for a person, and what speaks for living at home.",
    "I2": "The screening proposes a level of care with its reasons; a clinician decides, and both are on record.",
    "I3": "Whoever needs another level of care is referred there and followed until the first visit.",
    "I4": "Admission waits until the level of care, the team, a schedule, the last use and a goal are known, and says "
    "what is missing.",
    "I5": "IOP and IOT are two names of one program, and either is taken everywhere.",
    "I6": "A person has one open episode; a second is refused with a pointer to the first.",
    "A1": "A week's dose is judged by its minutes, by its days and by its longest gap, each by itself; weeks count "
    "from the admission.",
    "A2": "What counts are the minutes really attended of the program's own services; mutual help is on record and "
    "never counted.",
    "A3": "A session without any word of it is a presumed miss after a short grace; what the clinic, the weather or "
    "leave has cancelled is none.",
    "A4": "A miss begins a ladder of steps to reach the person, further misses move up on it, and its last step only "
    "proposes to close.",
    "A5": "What is told late takes a miss back: the search stops at once, its tasks close, and whoever was alerted "
    "hears that it is withdrawn.",
    "A6": "Where a person's life may be in danger a clinician makes contact the same day, whatever the hour, instead "
    "of the ladder.",
    "A7": "A dose that will fall short is told in mid-week with the sessions that would still repair it, and it never "
    "moves the gate.",
    "A8": "One attendance told by two sources is one; where they disagree a person is asked, and the earlier word "
    "holds until then.",
    "S1": "A slip moves the day of last use, and with it the gate, and takes nothing else away.",
    "S2": "Last use is the latest use that stands; what somebody else tells counts only once a clinician says so.",
    "S3": "A slip is answered by a safety check the same day, a session, a review of the plan and closer testing; "
    "repeated ones by a review of the level of care, which the person may decline.",
    "S4": "Tests are drawn at random with a longest gap, so that they can be drawn again from the record and nobody "
    "knows them ahead.",
    "S5": "Only a confirmed positive for what is not expected, or a clinician's word, is a slip; it is dated by the "
    "use or the collection, never by the result.",
    "S6": "A doubtful test, such as presumptive, dilute, tampered or refused, holds the gate until it is cleared, and "
    "moves no date.",
    "S7": "Prescribed medication for addiction is never a slip and never stands in the way of anything.",
    "S8": "Nicotine and caffeine are never slips; a table of the policy says what else is not counted.",
    "S9": "The gate passes when the days, the tests, the length, the goals and the reviews allow it and a clinician "
    "signs, and it explains each of these.",
    "S10": "Days in hospital or jail neither break the sobriety window nor count toward it.",
    "S11": "A program that reaches its length before the gate goes on in blocks, each with a review; neither the limit "
    "of blocks nor a payer ends it.",
    "S12": "A gate that is ready before the program's length waits, unless a clinician advances it with a reason.",
    "S13": "News from before a step down that has happened is put before a clinician, and undoes nothing by itself.",
    "C1": "Aftercare keeps the sobriety requirement: use there brings closer contact and a reassessment, never a "
    "discharge.",
    "C2": "Check-ins grow rarer over eighteen months, and come closer again where the risk is higher.",
    "C3": "A referral to a therapist is followed from the need to the first visit, brings the next place when it takes "
    "too long, and may outlive the episode.",
    "C4": "Mutual help is voluntary, always with a secular choice; nothing is disclosed to a group, and no group is "
    "asked who came.",
    "C5": "Every service that a person needs is a referral with an outcome, and what touches HIV or other infections "
    "stands in no notice and no index.",
    "C6": "Trauma work is offered and never forced: a refusal ends the offer and leaves no mark.",
    "C7": "Whoever leaves, in whatever way, gets an exit bundle: tasks with an owner, which keep nobody in.",
    "E0": "What needs a role, or two people, to be stated needs the same to be taken back; a system or a patient signs "
    "nothing.",
    "E1": "No slip, test, miss, payer, limit or passing of time discharges anybody: only the decision of a named "
    "person does.",
    "E2": "An involuntary discharge takes a review, a meeting, alternatives, a written notice and an appeal, and "
    "whoever proposes it does not decide it.",
    "E3": "A person may withdraw at any time, and for three days all can be reopened as it was.",
    "E4": "An exit has one of eight reasons and keeps its day, with the day on which the stay ended beside it.",
    "E5": "A transfer is complete when the other side confirms the first visit; until then the person stays ours to "
    "look for.",
    "E6": "Leave stops the person's clocks and not those of the staff, has an end, and begins the ladder when nobody "
    "comes back.",
    "E7": "A death stops every message to the person and those around them in one step, and only two people can "
    "correct it.",
    "E8": "A crisis can be told at any time, is answered at once by whoever is on call, and the pathway goes on where "
    "it was.",
    "E9": "An open episode always waits for something: a deadline, a task or a referral.",
    "E10": "Of two contrary decisions the first valid one holds, and the second is told how things stand.",
    "E11": "An entry for which the stage has no use is kept and shown to a person; it fails nothing and moves nothing.",
    "P1": "Outside the clinic database stands nothing that names a person: ids, roles, stages and dates alone.",
    "P2": "No word, sender, subject or link of a message shows what kind of care it is about; templates are checked "
    "for that.",
    "P3": "A disclosure leaves only if a consent covers the recipient, purpose and content at the moment of sending, "
    "also when it is tried again.",
    "P4": "A consent has all its elements or is refused with those that are missing; taking it back works from then "
    "on.",
    "P5": "Each disclosure carries the notice against passing it on, and what the consent covers.",
    "P6": "In a medical emergency medical personnel may be told, and nobody else; it is on record at once.",
    "P7": "A step that would contact somebody whom no consent names is skipped with its reason, and the ladder "
    "goes on.",
    "P8": "Every disclosure stands in a ledger that is only added to, from which a person's accounting is one command.",
    "P9": "What leaves the clinic leaves once: where a crash leaves that unknown a person finds out; a notice to staff "
    "is rather sent twice.",
    "P10": "A simulation, a dry run or a test sends nothing and writes no ledger.",
    "P11": "Whoever asks from outside hears the same, whether a person is known here or not.",
    "M1": "An instrument that the program follows is due at intake, again after its days, and at the gate; one that is "
    "overdue is owed like any task.",
    "M2": "A score that has become worse by the instrument's own threshold asks a clinician for a plan review.",
    "M3": "An answer that tells of thoughts of death or of self-harm is spoken about with the person on the same day.",
}
"""Every rule, in the order of its family; the numbers in them are the policy's."""


def in_words(identifier: str) -> str:
    """A rule as people read it: words first, its identifier behind them."""
    said = RULES.get(identifier)
    return f"{said.removesuffix('.')} ({identifier})." if said else f"rule {identifier}"
