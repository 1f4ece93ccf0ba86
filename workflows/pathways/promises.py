"""What the rules promise in every pathway, each on one way through the small program (`proof.of_promises`).

A move is named as in `proof.moves`; `says:X` states what stands below under X. The small program begins on Monday,
5 January 2026, with a session on Monday evening; last use is eight days before the admission.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workflows.core.engine.claims import Promise
from workflows.core.episode.entries import (
    Attendance,
    Checkin,
    Contact,
    Module,
    MutualHelp,
    Payer,
    Screening,
    SessionChange,
    Test,
    Use,
)
from workflows.pathways.openings import admitted

_TEST = {"kind": "test", "by": "lab", "source": "lab", "collected_on": "{today}"}
_IN_DOUBT = {**_TEST, "result": "presumptive", "substances": ["cocaine"]}
_TAKE_BACK = {"kind": "retraction", "reason": "another patient"}

SAYS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "a first test in doubt": {**_IN_DOUBT, "test_id": "d1"},
        "a second test in doubt": {**_IN_DOUBT, "test_id": "d2"},
        "a third test in doubt": {**_IN_DOUBT, "test_id": "d3"},
        "a positive of yesterday": {
            **_TEST, "test_id": "p1", "result": "definitive", "substances": ["cocaine"], "collected_on": "{today-1}"
        },
        "buprenorphine is prescribed": {
            "kind": "medication", "by": "nu-1", "name": "buprenorphine", "start_on": "{today}"
        },
        "buprenorphine is found": {
            **_TEST, "test_id": "b1", "result": "definitive", "substances": ["buprenorphine"]
        },
        "an older use": {"kind": "use", "by": "cm-1", "on": "{today-3}"},
        "nicotine": {"kind": "use", "by": "cm-1", "on": "{today}", "substance": "nicotine"},
        "a use of tomorrow": {"kind": "use", "by": "cm-1", "on": "{today+1}"},
        "a test by a kiosk": {**_TEST, "test_id": "k1", "by": "kiosk", "source": "kiosk", "result": "negative"},
        "the patient settles a goal": {
            "kind": "goal", "by": "patient", "source": "patient", "goal_id": "g1", "status": "met"
        },
        "a kiosk takes the use back": {**_TAKE_BACK, "by": "kiosk", "source": "kiosk", "entry_id": "s5"},
        "an import ends the stay": {
            "kind": "exit", "by": "import-system", "source": "import", "reason": "other", "on": "{today}"
        },
        "a laboratory ends the stay": {
            "kind": "exit", "by": "lab-system", "source": "lab", "reason": "other", "on": "{today}"
        },
        "a second person takes the death back": {**_TAKE_BACK, "by": "th-1", "entry_id": "s5"},
        "the same person takes the death back again": {**_TAKE_BACK, "by": "CM-1", "entry_id": "s5"},
        "another system changes the policy": {
            "kind": "policy", "by": "agency-system", "source": "agency", "policy": {"gate": {"sober_days": 0}}
        },
        "a case manager makes themselves therapist": {
            "kind": "team", "by": "cm-1", "role": "therapist", "staff_id": "cm-1", "from": "{today}"
        },
        "a case manager chooses the director": {
            "kind": "team", "by": "cm-1", "role": "director", "staff_id": "cm-2", "from": "{today}"
        },
        "a discharge is proposed without a reason": {
            "kind": "decision", "by": "su-1", "about": "involuntary_discharge", "choice": "propose"
        },
        "a notice that was given yesterday": {
            "kind": "decision", "by": "cm-1", "about": "discharge_notice", "choice": "given", "on": "{today-1}"
        },
        "a choice that there is not": {
            "kind": "decision", "by": "th-1", "about": "level_of_care_review", "choice": "discharge",
            "reason": "a relapse",
        },
        "a decision that nobody has asked for": {
            "kind": "decision", "by": "su-1", "about": "lost_contact_proposal", "choice": "close", "reason": "silent"
        },
    }
)  # fmt: skip

BLIND: Mapping[str, frozenset[type[Any]]] = MappingProxyType(
    {
        "exit_signed": frozenset({Use, Test, Attendance, Contact, Checkin, Screening, Module, MutualHelp, Payer}),
        "moves": frozenset({Use, Test, Attendance, Contact, Checkin, Module, MutualHelp, Payer}),
        "gate_conditions": frozenset({Attendance, SessionChange, Contact, Checkin, Module, MutualHelp, Payer}),
        "last_use_on": frozenset({Attendance, SessionChange, Contact, Checkin, Payer}),
    }
)  # fmt: skip
"""What must never have been read for a fact: the gate no attendance (A7), an exit nothing that happens to a person
(E1), last use no absence (S1)."""


def shared_promises(level: str) -> tuple[Promise, ...]:
    """What is promised in every pathway of a level of care."""
    program = admitted(level)
    searched = (*program, "wait:lost_contact_proposal")
    proposed = (*program, "answer:involuntary_discharge:propose")
    fair = (*proposed, "answer:involuntary_review:approve")
    noticed = (
        *fair, "answer:discharge_team_meeting:alternatives_tried", "answer:discharge_notice:given"
    )  # fmt: skip
    appealed = (*noticed, "answer:discharge_appeal:appealed")
    doubts = tuple(f"says:a {which} test in doubt" for which in ("first", "second", "third"))
    prescribed = ("says:buprenorphine is prescribed", "says:buprenorphine is found")
    return (
        # -- intake
        Promise("I1", "Who is referred is screened", (), ("owes screening", "in intake")),
        Promise("I2", "A screening asks a clinician for the level of care", ("screening",), ("owes level_of_care",)),
        Promise("I4", "Who suits the program is admitted", ("screening", f"level:{level}"), ("owes admission",)),
        Promise("I4", "Without a goal an admission waits", ("screening", f"level:{level}", "admission"),
                ("!admission_complete", "in intake")),
        Promise("I4", "Without a clinician's decision an admission waits", ("screening", "goal:open", "admission"),
                ("!admission_complete", "in intake")),
        Promise("I3", "Who needs another level of care is followed there", ("screening", "level:residential"),
                ("owes refer_to_level_of_care", "!exit_signed")),
        Promise("I4", "A goal that is taken back is asked for anew, and moves nobody back",
                (*program, "wait:outreach", "retract:goal"), ("in program", "owes admission_condition")),
        Promise("I4", "A level of care that is taken back is asked for anew, and moves nobody back",
                (*program, "wait:outreach", "retract:level_of_care"), ("in program", "owes level_of_care")),
        Promise("I4", "Rights and preferences are read and signed", program,
                ("owes rights_notice", "owes contact_preferences")),
        # -- use and tests
        Promise("E1", "Three tests in doubt end nothing", (*program, *doubts),
                ("in program", "!exit_signed", "owes hold_review")),
        Promise("S6", "A test in doubt asks a clinician, and moves no last use", (*program, "test:presumptive"),
                ("days_sober=8", "!responding_to_slip", "owes hold_review")),
        Promise("S5", "A positive test is a use on the day of its collection",
                (*program, "says:a positive of yesterday"), ("days_sober=1",)),
        Promise("S2", "An older use that is told later changes nothing", (*program, "use", "says:an older use"),
                ("days_sober=0",)),
        Promise("S2", "A use moves last use", (*program, "use"), ("days_sober=0",)),
        Promise("S1", "A use ends nothing, and nothing of the program begins anew", (*program, "use"),
                ("in program", "!exit_signed", "admission_complete", "admitted_on=2026-01-05")),
        Promise("S3", "A use is answered by a check, a session and a look at the plan", (*program, "use"),
                ("responding_to_slip", "owes safety_check", "owes individual_session", "owes plan_review")),
        Promise("S3", "Two uses close together call for a review of the level of care",
                (*searched, "use", "use:yesterday"), ("level_review_open", "owes level_of_care_review", "in program"),
                of_small_numbers=True),
        Promise("S3", "A relapse calls for a review of the level of care, and the person stays",
                (*program, "relapse"), ("level_review_open", "owes level_of_care_review", "in program")),
        Promise("S3", "An offer of more care is followed until it has an outcome",
                (*program, "relapse", "answer:level_of_care_review:offer_residential"),
                ("owes level_of_care_offer", "in program")),
        Promise("S3", "Who has not been reached for the safety check is called again",
                (*program, "use", "answer:safety_check:not_reached"), ("owes safety_check",)),
        Promise("S7", "A prescribed medication is no use", (*program, *prescribed),
                ("days_sober=8", "!responding_to_slip")),
        Promise("S7", "A prescription that no clinician has told explains nothing",
                (*program, "test:definitive", "medication:told"), ("days_sober=0", "owes medication_review")),
        Promise("S7", "A prescribed medication that is not found calls for a talk, and for nothing else",
                (*program, "medication", "test:without_prescribed"),
                ("owes adherence_talk", "days_sober=8", "!responding_to_slip", "in program")),
        Promise("S8", "Nicotine is no use", (*program, "says:nicotine"), ("days_sober=8",)),
        Promise("S2", "What somebody else tells of a use asks a clinician, and moves nothing", (*program, "use:told"),
                ("days_sober=8", "owes collateral_use", "!responding_to_slip")),
        Promise("S2", "What a clinician classes as a use is one",
                (*program, "use:told", "answer:collateral_use:use"), ("days_sober=0",)),
        Promise("S2", "What a clinician finds to be no use is none",
                (*program, "use:told", "answer:collateral_use:no_use"), ("days_sober=8", "!owes collateral_use")),
        Promise("S4", "A drawn test is collected", (*program, "policy:tests", "wait:collect_test"),
                ("task collect_test",)),
        Promise("S4", "A drawn test that was not collected is asked about",
                (*program, "policy:tests", "wait:test_not_collected"), ("task test_not_collected",)),
        Promise("T3", "A use that is taken back leaves no trace", (*program, "use", "retract:use"),
                ("days_sober=8", "!responding_to_slip", "!owes safety_check")),
        Promise("T5", "Nothing is stated of tomorrow", (*program, "!says:a use of tomorrow"), ("days_sober=8",)),
        Promise("S3", "A review that was held is over", (*program, "relapse", "answer:level_of_care_review:stay"),
                ("!level_review_open", "!owes level_of_care_review", "in program")),
        # -- instruments
        Promise("M1", "An instrument that the program follows is due", (*program, "policy:instruments"),
                ("owes assessment",)),
        Promise("M1", "Who declines an instrument is asked again after its days",
                (*program, "policy:instruments", "answer:assessment:declined", "wait:assessment"),
                ("task assessment",)),
        Promise("M2", "A worsening asks for a look at the plan",
                (*program, "policy:instruments", "assessment:calm", "assessment:worse"), ("owes plan_review",)),
        Promise("M2", "What has not become worse asks for nothing",
                (*program, "policy:instruments", "assessment:calm"), ("!owes plan_review", "!owes safety_check")),
        Promise("M3", "An answer that tells of danger is spoken about",
                (*program, "policy:instruments", "assessment:worse"), ("owes safety_check", "in program")),
        # -- attendance
        Promise("A3", "A session that nobody comes to is missed, and the person is searched for",
                (*program, "wait:outreach"), ("searched_for", "consecutive_misses=1", "awaits Missed sessions: call")),
        Promise("A3", "A session is judged when it is over", program, ("awaits Session closes",)),
        Promise("A4", "The search goes up its ladder to a proposal, which a person decides", searched,
                ("task lost_contact_proposal", "in program", "!exit_signed")),
        Promise("A4", "Who has missed a session is sent a reminder", (*program, "wait:outreach"), ("said reminder",)),
        Promise("A7", "The case manager hears of a week that fell short",
                (*program, "wait:Dose of the week: report", "wait"), ("said dose",)),
        Promise("A5", "Attendance that is recorded late ends the search", (*searched, "attended"),
                ("missing_nothing", "!task lost_contact_proposal")),
        Promise("A5", "Who is reached is searched for no more", (*searched, "reached"),
                ("reached_again", "owes engagement_plan", "!task lost_contact_proposal")),
        Promise("A5", "To be reached leaves the miss", (*program, "wait:outreach", "reached"),
                ("reached_again", "consecutive_misses=1")),
        Promise("A4", "Who was reached and misses again is searched for again",
                (*program, "wait:outreach", "reached", "wait:outreach"), ("searched_for", "consecutive_misses=2")),
        Promise("A4", "A further miss goes on where the search had stopped, and does not begin it anew",
                (*searched, "reached", "wait:outreach"), ("task lost_contact_proposal",)),
        Promise("A4", "A search that goes on is asked about again",
                (*searched, "answer:lost_contact_proposal:continue_outreach"), ("owes lost_contact_proposal",)),
        Promise("A6", "At high risk a clinical contact takes the place of the ladder",
                (*program, "flag", "wait:outreach"),
                ("owes high_risk_contact", "!owes outreach_call", "!awaits Missed sessions: call")),
        Promise("A8", "Two sources that disagree ask a person", (*program, "wait:outreach", "attended", "disputed"),
                ("owes attendance_conflict", "missing_nothing")),
        Promise("A2", "More minutes than the session had are asked about", (*program, "wait:outreach", "overlong"),
                ("owes attendance_minutes",)),
        Promise("A2", "Who comes at another time is asked about", (*program, "came_unscheduled"),
                ("owes unscheduled_attendance",)),
        Promise("E6", "A leave begins on its first day", (*program, "leave"), ("on_leave", "awaits Leave is over")),
        Promise("E6", "Nothing is missed on leave, from its first day on", (*program, "leave", "wait:present"),
                ("missing_nothing", "consecutive_misses=0", "judged=[]")),
        Promise("E6", "Who is back from leave is screened again", (*program, "leave", "wait:present", "return"),
                ("owes return_screening", "!on_leave")),
        # -- danger
        Promise("E8", "A crisis calls the on-call role", (*program, "crisis"),
                ("in_crisis", "task crisis_response of on_call", "in program")),
        Promise("E0", "No machine answers a crisis", (*program, "crisis", "!answer:crisis_response:safe@carepath"),
                ("in_crisis",)),
        Promise("E8", "A crisis that was answered is followed up",
                (*program, "crisis", "answer:crisis_response:safe"),
                ("!in_crisis", "owes after_crisis_contact", "owes after_crisis_level_of_care")),
        Promise("S3", "A safety check that finds a crisis opens one", (*program, "use", "answer:safety_check:crisis"),
                ("in_crisis", "task crisis_response")),
        # -- exits
        Promise("E3", "A withdrawal can be reopened as it was", (*program, "exit:withdrew", "answer:reopening:reopen"),
                ("in program", "!exit_signed")),
        Promise("E3", "Who comes back in time has not withdrawn",
                (*program, "leave:ahead", "exit:withdrew", "wait", "return"),
                ("in program", "!exit_signed")),
        Promise("E3", "After its time a withdrawal is reopened no more",
                (*program, "exit:withdrew", "wait", "!answer:reopening:reopen"), ("in closed",)),
        Promise("E5", "A transfer ends nothing before the first visit over there", (*program, "exit:transferred"),
                ("in program", "owes transfer")),
        Promise("E5", "Who has not come over there is followed up further",
                (*program, "exit:transferred", "answer:transfer:not_attended"), ("owes transfer", "in program")),
        Promise("E5", "A transfer ends with the first visit over there",
                (*program, "exit:transferred", "answer:transfer:first_visit_attended"), ("in closed",)),
        Promise("E7", "A death closes the episode, and is told as one", (*program, "exit:deceased"),
                ("in closed", "exit_deceased")),
        Promise("E7", "One person alone takes no death back", (*program, "exit:deceased", "retract:exit"),
                ("in closed", "exit_deceased", "owes death_correction")),
        Promise("E7", "Nor does the same person twice, in whatever letters",
                (*program, "exit:deceased", "retract:exit", "says:the same person takes the death back again"),
                ("in closed", "exit_deceased")),
        Promise("E7", "Two people take a death back",
                (*program, "exit:deceased", "retract:exit", "says:a second person takes the death back"),
                ("in program", "!exit_signed")),
        Promise("E8", "A crisis after the exit calls the on-call role, and the episode stays closed",
                (*program, "exit:withdrew", "crisis"), ("task crisis_response", "in closed")),
        Promise("E11", "What becomes known after the exit is kept, and moves nothing",
                (*program, "exit:withdrew", "use"), ("in closed", "exit_withdrew")),
        *(Promise("C7", f"Who leaves ({reason.replace('_', ' ')}) has the exit bundle",
                  (*program, f"exit:{reason}"), ("in closed", "owes exit_bundle"))
          for reason in ("withdrew", "incarcerated", "other")),
        Promise("S11", "A payer's refusal is appealed, and ends nothing", (*program, "payer:denied"),
                ("owes payer_appeal", "in program")),
        Promise("S11", "An appeal to the payer is followed until it is answered",
                (*program, "payer:denied", "answer:payer_appeal:appealed"), ("owes payer_answer",)),
        # -- an involuntary discharge
        Promise("E2", "A discharge that is proposed is reviewed by the director, and ends nothing", proposed,
                ("owes involuntary_review", "in program")),
        Promise("E2", "Nobody but the director judges a proposed discharge",
                (*proposed, "!answer:involuntary_review:approve@th-1"), ("discharge_proposed", "!discharge_reviewed")),
        Promise("E2", "Who has proposed a discharge does not judge it",
                (*program, "answer:involuntary_discharge:propose@di-1", "!answer:involuntary_review:approve@di-1"),
                ("!discharge_reviewed",)),
        Promise("E2", "A discharge needs its reason",
                (*program, "!says:a discharge is proposed without a reason"), ("!discharge_proposed",)),
        Promise("E2", "The team meets before the notice", fair,
                ("owes discharge_team_meeting", "!owes discharge_notice")),
        Promise("E2", "Where alternatives remain nobody is discharged",
                (*fair, "answer:discharge_team_meeting:alternatives_remain"), ("!discharge_proposed", "in program")),
        Promise("E2", "Before the time for an appeal is over nobody is discharged",
                (*noticed, "!answer:discharge_decision:discharge"), ("in program",)),
        Promise("E2", "Who has dated the notice back does not confirm its day",
                (*fair, "answer:discharge_team_meeting:alternatives_tried", "wait:lost_contact_proposal", "wait",
                 "says:a notice that was given yesterday", "!answer:discharge_notice_date:confirmed@cm-1"),
                ("owes discharge_notice_date", "in program")),
        Promise("E2", "An appeal is heard before anybody is discharged", appealed,
                ("owes discharge_appeal_hearing", "!owes discharge_decision", "in program")),
        Promise("E2", "An appeal is heard no sooner than a day after the notice",
                (*appealed, "!answer:discharge_appeal_hearing:uphold"), ("in program",)),
        # -- who may sign
        Promise("E0", "No machine signs an exit", (*program, "!exit:other@carepath"), ("!exit_signed",)),
        Promise("E0", "No laboratory signs an exit", (*program, "!exit:other@lab"), ("!exit_signed",)),
        Promise("E0", "Nobody unknown signs an exit", (*program, "!exit:other@nobody-9"), ("!exit_signed",)),
        Promise("E1", "No other system ends an episode", (*program, "!feed:exit:involuntary:lab"), ("!exit_signed",)),
        Promise("E1", "No laboratory ends a stay", (*program, "!says:a laboratory ends the stay"), ("!exit_signed",)),
        Promise("E1", "An import ends an episode only with the person who signed",
                (*program, "!says:an import ends the stay"), ("!exit_signed",)),
        Promise("E1", "No other system closes a search",
                (*searched, "!feed:answer:lost_contact_proposal:close"), ("!exit_signed",)),
        Promise("E1", "Nor does it in the name of the person whose task it is",
                (*searched, "!feed:answer:lost_contact_proposal:close@su-1"), ("!exit_signed",)),
        Promise("E1", "Nobody decides what nobody has asked", (*program, "!says:a decision that nobody has asked for"),
                ("!exit_signed",)),
        Promise("E0", "No machine decides on the level of care", ("screening", f"!level:{level}@carepath"),
                ("!level_decided",)),
        Promise("E0", "Only a clinician takes a level of care back",
                ("screening", f"level:{level}", "!retract:level_of_care@cm-1"), ("level_decided",)),
        Promise("E0", "Only a clinician lifts a hold", (*program, "test:presumptive",
                "!answer:hold_review:lift_hold@cm-1"), ("owes hold_review",)),
        Promise("E0", "Only a clinician decides a review of the level of care",
                (*program, "relapse", "!answer:level_of_care_review:stay@cm-1"), ("level_review_open",)),
        Promise("E10", "A decision chooses among what is asked",
                (*program, "relapse", "!says:a choice that there is not"), ("level_review_open", "!exit_signed")),
        Promise("E0", "No kiosk states a test", (*program, "!says:a test by a kiosk"), ("in program",)),
        Promise("E0", "No system takes back what a person has stated",
                (*program, "use", "!says:a kiosk takes the use back"), ("days_sober=0",)),
        Promise("S9", "The patient does not settle a goal", (*program, "!says:the patient settles a goal"), ()),
        Promise("T8", "No other system changes the policy", (*program, "!says:another system changes the policy"), ()),
        Promise("E0", "Nobody gives themselves a role that signs",
                (*program, "!says:a case manager makes themselves therapist"), ()),
        Promise("E2", "Nobody chooses whom they are judged by",
                (*program, "!says:a case manager chooses the director"), ()),
        Promise("T3", "A decision whose ground has fallen away is looked at again, and not undone",
                (*program, "relapse", "answer:level_of_care_review:stay", "retract:use"),
                ("owes decision_review", "in program")),
        Promise("P4", "A consent that is taken back is seen to", (*program, "consent", "revocation"),
                ("owes consent_revoked",)),
    )  # fmt: skip
