"""The small program in which a proof searches, and the openings from which it sets out in every pathway.

An opening is a list of moves, by their names in `proof.moves`; `wait:X` waits until X is true or stands next.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# The rules of the program with small numbers: all of them come into play within a fortnight.
_START: Mapping[str, Any] = MappingProxyType(
    {
        "episode_id": "story",
        "site": "north",
        "timezone": "America/Chicago",
        "referred_on": "2026-01-05",
        "team": {
            "case_manager": "cm-1", "therapist": "th-1", "nurse": "nu-1", "supervisor": "su-1", "director": "di-1"
        },
        "schedule": [{"weekday": "mon", "start": "18:00", "minutes": 180, "service": "group"}],
        "policy": {
            "tests": {"phases": []},
            "length": {"days": 9, "extension_days": 3, "max_extensions": 1},
            "gate": {"sober_days": 3, "min_negative_tests": 1, "max_days_between_tests": 90},
            "aftercare": {"weekly_for_weeks": 1, "fortnightly_until_month": 0, "monthly_until_month": 1},
            "attendance": {
                "ladder": [
                    {"name": "reminder", "after": {"minutes": 15}, "message": "please_call"},
                    {"name": "call", "after": {"hours": 1}, "task": "outreach_call"},
                    {
                        "name": "supervisor_review", "after": {"hours": 2}, "at_misses": 2,
                        "task": "supervisor_review", "role": "supervisor",
                        "outcomes": ["reached", "continue_outreach"],
                    },
                    {
                        "name": "lost_contact_proposal", "after": {"hours": 3}, "task": "lost_contact_proposal",
                        "role": "supervisor", "outcomes": ["close", "continue_outreach", "reached"],
                    },
                ]
            },
        },
    }
)  # fmt: skip


def start(pathway: str) -> Mapping[str, Any]:
    """The start of an episode of a pathway in the small program."""
    return MappingProxyType({**_START, "pathway": pathway})


def admitted(level: str) -> tuple[str, ...]:
    """The moves up to the first day of a program of a level of care."""
    return ("screening", f"level:{level}", "goal:open", "admission")


def shared_openings(level: str) -> dict[str, tuple[str, ...]]:
    """Openings that lead somewhere in every pathway, by what they lead to."""
    program = admitted(level)
    proposed = (*program, "answer:involuntary_discharge:propose")
    fair = (*proposed, "answer:involuntary_review:approve")
    tried = (*fair, "answer:discharge_team_meeting:alternatives_tried")
    noticed = (*tried, "answer:discharge_notice:given")
    return {
        "referred": (),
        "screened": ("screening",),
        "another level of care": ("screening", "level:residential"),
        "waiting for admission": ("screening", f"level:{level}"),
        "in the program": program,
        "searched for": (*program, "wait:lost_contact_proposal"),
        "reached again": (*program, "wait:outreach", "reached"),
        "searched for at high risk": (*program, "flag", "wait:outreach"),
        "came unscheduled": (*program, "came_unscheduled"),
        "two entries disagree": (*program, "wait:outreach", "attended", "disputed"),
        "more minutes than the session had": (*program, "wait:outreach", "overlong"),
        "somebody else tells of a use": (*program, "use:told"),
        "the only goal is taken back": (*program, "wait:outreach", "retract:goal"),
        "its goal is not there yet": (
            *program, "wait:outreach", "retract:goal", "answer:admission_condition:not_yet",
        ),
        "a change of the team is planned": (*program, "team:planned"),
        "closed before the team changes": (*program, "team:planned", "exit:withdrew"),
        "after a return to use": (*program, "use"),
        "corrected in two ways": (*program, "use", "use:superseded", "use:superseded"),
        "relapse": (*program, "relapse"),
        "presumptive test": (*program, "test:presumptive"),
        "somebody else tells of a prescription": (*program, "test:definitive", "medication:told"),
        "admission declined": ("screening", f"level:{level}", "answer:admission:declined"),
        "arrived elsewhere": (
            "screening", "level:residential", "answer:refer_to_level_of_care:first_visit_attended",
        ),
        "declined to go elsewhere": ("screening", "level:residential", "answer:refer_to_level_of_care:declined"),
        "a leave is planned": (*program, "leave:ahead"),
        "on leave": (*program, "leave"),
        "back from leave": (*program, "leave", "wait:present", "return"),
        "in a crisis": (*program, "crisis"),
        "after a crisis": (*program, "crisis", "answer:crisis_response:safe"),
        "involuntary discharge proposed": proposed,
        "discharge found fair": fair,
        "alternatives were tried": tried,
        "notice of discharge given": noticed,
        "notice of discharge dated back": (
            *tried, "wait:lost_contact_proposal", "wait", "says:a notice that was given yesterday",
        ),
        "appeal against a discharge": (*noticed, "answer:discharge_appeal:appealed"),
        "discharge upheld": (
            *noticed, "answer:discharge_appeal:appealed", "wait:discharge_appeal_hearing",
            "answer:discharge_appeal_hearing:uphold",
        ),
        "involuntary discharge": (*noticed, "wait:discharge_decision", "answer:discharge_decision:discharge"),
        "not reached for screening": ("answer:screening:not_reached",),
        "not reached for the safety check": (*program, "use", "answer:safety_check:not_reached"),
        "in a crisis after a return to use": (*program, "use", "answer:safety_check:crisis"),
        "the ground of a decision falls away": (
            *program, "relapse", "answer:level_of_care_review:stay", "retract:use",
        ),
        "the decision is said to be taken anew": (
            *program, "relapse", "answer:level_of_care_review:stay", "retract:use", "answer:decision_review:changed",
        ),
        "one person takes a death back": (*program, "exit:deceased", "retract:exit"),
        "more care is offered": (*program, "relapse", "answer:level_of_care_review:offer_residential"),
        "more care is not decided on yet": (
            *program, "relapse", "answer:level_of_care_review:offer_residential", "answer:level_of_care_offer:not_yet",
        ),
        "more care is accepted": (
            *program, "relapse", "answer:level_of_care_review:offer_residential", "answer:level_of_care_offer:accepted",
        ),
        "a drawn test was collected": (
            *program, "policy:tests", "wait:collect_test", "answer:collect_test:collected", "wait:test_result",
        ),
        "test to be collected again": (*program, "test:presumptive", "answer:hold_review:collect_again"),
        "not come to the first visit elsewhere": (*program, "exit:transferred", "answer:transfer:not_attended"),
        "not reached at high risk": (
            *program, "flag", "wait:outreach", "answer:high_risk_contact:not_reached",
        ),
        "not reached after a crisis": (
            *program, "crisis", "answer:crisis_response:safe", "answer:after_crisis_contact:not_reached",
            "answer:after_crisis_level_of_care:not_reached",
        ),
        "outreach goes on": (
            *program, "wait:lost_contact_proposal", "answer:lost_contact_proposal:continue_outreach",
        ),
        "admission declined and reopened": (
            "screening", f"level:{level}", "answer:admission:declined", "answer:reopening:reopen",
        ),
        "a prescribed medication is not found": (*program, "medication", "test:without_prescribed"),
        "a flag that ends": (*program, "flag:ends"),
        "a consent is taken back": (*program, "consent", "revocation"),
        "a test is drawn": (*program, "policy:tests", "wait:collect_test"),
        "a drawn test is not collected": (*program, "policy:tests", "wait:test_not_collected"),
        "an instrument is due": (*program, "policy:instruments"),
        "who declined is asked again": (*program, "policy:instruments", "answer:assessment:declined"),
        "an instrument was filled in": (*program, "policy:instruments", "assessment:calm"),
        "it has become worse": (*program, "policy:instruments", "assessment:calm", "assessment:worse"),
        "refused by the payer": (*program, "payer:denied"),
        "refused by the payer before admission": ("payer:denied", "answer:payer_appeal:appealed"),
        "appealed to the payer": (*program, "payer:denied", "answer:payer_appeal:appealed"),
        "not answered by the payer": (
            *program, "payer:denied", "answer:payer_appeal:appealed", "answer:payer_answer:not_answered"
        ),
        "lost contact": (*program, "wait:lost_contact_proposal", "answer:lost_contact_proposal:close"),
        **{name: (*program, f"exit:{name}")
           for name in ("withdrew", "transferred", "incarcerated", "deceased", "other")},
    }  # fmt: skip
