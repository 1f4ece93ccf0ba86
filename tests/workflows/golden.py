"""The golden journey: ninety days of program with a miss, a slip, an extension, the gate, and aftercare."""

from datetime import date, timedelta

from tests.workflows.story import Story

DAY = timedelta(days=1)


async def come(story: Story, admitted: date, first: int, last: int) -> None:
    """Attend every session from program day to program day, and give each test that is drawn."""
    for ahead in range(first, last):
        day = admitted + ahead * DAY
        if day.weekday() in (0, 2, 4):
            await story.until(day, "21:05")
            await story.record("attendance", session=f"{day}T18:00", status="attended")
        await story.until(day, "21:10")
        if "collect_test" in await story.tasks():
            await story.record("test", test_id=f"t{ahead}", collected_on=day, result="negative")


async def intake_over_three_days(story: Story) -> date:
    """Screened on the day of referral, decided on the next, admitted with the signed papers on the third."""
    referred = await story.today()
    await story.record("screening", substances=["alcohol"])
    await story.until(referred + DAY, "11:00")
    await story.complete("level_of_care", "iop", by="th-1")
    admitted = referred + 2 * DAY
    await story.until(admitted, "10:00")
    await story.record_many(
        {"kind": "goal", "goal_id": "g1", "title": "work"},
        {"kind": "admission", "on": admitted, "last_use_on": referred - 5 * DAY},
        {"kind": "acknowledgement", "what": "rights_notice", "on": admitted},
        {"kind": "acknowledgement", "what": "contact_preferences", "on": admitted},
    )
    assert (await story.progress())["stage"] == "program"
    return admitted


async def up_to_a_miss_and_back(story: Story, admitted: date) -> int:
    """Twenty days of coming, then a missed session and the search; the program day after it."""
    await come(story, admitted, 0, 20)
    missed = next(admitted + n * DAY for n in range(20, 27) if (admitted + n * DAY).weekday() in (0, 2, 4))
    await story.until(missed + DAY, "22:00")
    assert (await story.progress())["consecutive_misses"] == 1
    assert "outreach_therapist_call" in await story.tasks()
    await story.complete("outreach_therapist_call", "reached", by="th-1")
    assert "engagement_plan" in await story.tasks()
    await story.complete("engagement_plan", "agreed", by="cm-1")
    return (missed - admitted).days + 2


async def a_slip_and_its_response(story: Story, admitted: date) -> None:
    """Return to use on day 69, told the next day, and what is owed then."""
    await story.until(admitted + 70 * DAY, "12:00")
    slip = await story.record("use", on=admitted + 69 * DAY, substance="alcohol")
    assert slip["after"]["last_use_on"] == (admitted + 69 * DAY).isoformat()
    for kind, outcome, by in (("safety_check", "safe", "cm-1"), ("individual_session", "held", "th-1"),
                              ("plan_review", "changed", "th-1")):  # fmt: skip
        await story.complete(kind, outcome, by)


async def an_extension_and_the_gate(story: Story, admitted: date) -> None:
    """The gate is not ready on day 90; thirty days after the slip it is, and a clinician signs."""
    progress = await story.progress()
    assert (progress["stage"], progress["extensions"]) == ("program", 1)
    await story.complete("continued_stay_review", "continue", "th-1")
    await story.record("goal", goal_id="g1", status="met")
    await come(story, admitted, 99, 100)
    await story.until(admitted + 100 * DAY, "12:00")
    assert (await story.progress())["stage"] == "gate_review"
    await story.complete("gate_review", "pass", "th-1")
    progress = await story.progress()
    assert (progress["stage"], progress["gate"]["passes"]) == ("aftercare", True)


async def aftercare_and_the_end(story: Story, admitted: date) -> None:
    """A check-in, then the episode is completed and its exit bundle given."""
    await story.until(admitted + 107 * DAY, "12:00")
    assert "checkin" in await story.tasks()
    await story.record("checkin", on=admitted + 107 * DAY, risk=2)
    await story.record("exit", reason="completed", on=admitted + 107 * DAY)
    assert (await story.progress())["stage"] == "closed"
    await story.complete("exit_bundle", "given", "cm-1")


async def golden_journey(story: Story) -> dict[str, object]:
    """The whole of it; what the episode's workflow returns at the end."""
    admitted = await intake_over_three_days(story)
    back = await up_to_a_miss_and_back(story, admitted)
    await come(story, admitted, back, 70)
    await a_slip_and_its_response(story, admitted)
    await come(story, admitted, 70, 99)
    await an_extension_and_the_gate(story, admitted)
    await aftercare_and_the_end(story, admitted)
    result: dict[str, object] = await story.handle.result()
    return result
