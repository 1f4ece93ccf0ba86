"""A referral that lives again from its journal asks for what was not answered, and for nothing else (P9, C3)."""

import json

from tests.core.referral.linked import Linked, on
from workflows.core.engine.acts import written
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.lines import Beginning, line_of
from workflows.core.referral.effects import Disclose, FindCandidates
from workflows.core.referral.referral import Referral
from workflows.pathways.reliving import lived, told


def again(linked: Linked) -> Referral:
    """The referral, folded from its journal, as it goes on."""
    start = linked.referral.start.model_dump(mode="json")
    lines = [Beginning("referral", linked.began_at, start).line()]
    lines += [line_of([written(act)]) for act in linked.referral.take_acts()]
    living = lived(told(json.loads(line) for line in lines), linked.now)
    assert isinstance(living, Referral)
    living.live_again(linked.now)
    return living


def test_P9_a_sending_that_nobody_has_answered_is_asked_for_again_under_the_same_key() -> None:
    linked = Linked(noting=True)
    linked.is_held = True
    linked.chooses("t1")
    (sent,) = linked.sendings
    asked = again(linked).take_effects()
    assert [one for one in asked if isinstance(one, Disclose)] == [sent]


def test_P9_a_sending_that_was_answered_is_not_asked_for_again() -> None:
    linked = Linked(noting=True)
    linked.chooses("t1").until(on(2))
    assert len(linked.sendings) == 1
    asked = again(linked).take_effects()
    assert [one for one in asked if isinstance(one, Disclose | FindCandidates)] == []


def test_C3_its_open_tasks_are_asked_for_under_the_same_ids() -> None:
    linked = Linked(noting=True)
    open_tasks = [task.task_id for task in linked.referral.open_tasks.values()]
    assert open_tasks
    asked = again(linked).take_effects()
    assert [one.task_id for one in asked if isinstance(one, OpenTask)] == open_tasks
