"""The invariants of the engine, held against every situation and every move of the search."""

from dataclasses import replace

from workflows.core.engine.claims import Cause
from workflows.core.engine.configuration import Restless
from workflows.core.engine.keys import kind_of
from workflows.core.episode.exits.signed import NotSigned
from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.chart_read import bare, read_chart
from workflows.pathways.proof.findings import Findings
from workflows.pathways.proof.moves import Move, causes_of
from workflows.pathways.proof.of_chart import ROLES, untrue
from workflows.pathways.proof.of_promises import prove_promises
from workflows.pathways.proof.parts import contradicted
from workflows.pathways.proof.search import Fell, GoesRound, Search, Situation, Taken, by_person
from workflows.pathways.proof.seen import Seen, look
from workflows.pathways.proof.story import Story

GOES_ROUND = "the chart of the engine goes round without end"


def prove_engine(pathway: Pathway, findings: Findings, depth: int, most: int = 1_000_000) -> Search | None:
    """Live through what the rules promise, search the stories of a pathway, and look at every invariant of the engine.

    Returns:
        The search; None if not even the referral could be lived through.
    """
    search: Search | None = None
    try:
        search = Search(pathway, depth, most)
        watch = Watch(pathway, findings)
        watch.at(search.first.seen, search.first.story)
        prove_promises(pathway, search, findings)
        for taken in search.run():
            watch.on(taken)
    except GoesRound as found:  # no further story can be lived through on such a chart
        findings.broken("rest", GOES_ROUND, found.story)
    except Fell as fell:
        findings.broken(*_said_of(fell), fell.story)
    else:
        watch.at_the_end(search)
        return search
    if search:
        search.complete = False
    return search


def _said_of(fell: Fell) -> tuple[str, str]:
    """Which invariant is broken where the engine fails, and in what words."""
    if isinstance(fell.error, NotSigned):
        return "person", f"an exit would be made of what no named person has signed ({fell.error})"
    return "follows", f"the engine fails ({type(fell.error).__name__}: {fell.error})"


def retell(pathway: Pathway, story: Story, findings: Findings) -> None:
    """Live a kept story through with the engine as it is now, and look at the invariants on the way."""
    watch = Watch(pathway, findings)
    here: Situation | None = None
    lived = story.live()
    while True:
        try:
            step, episode, refused = next(lived)
        except StopIteration:
            return
        except NotSigned as error:
            findings.broken(*_said_of(Fell(story, error)), story)
            return
        except Restless:
            findings.broken("rest", GOES_ROUND, story)
            return
        now = step.at if step else story.began_at
        told = here.story.then(step) if here and step else replace(story, steps=())
        seen = look(episode, now)
        if here and step:
            move = Move("", causes_of(step.entry), step.entry)
            watch.on(Taken(here, move, step, here.seen if refused else seen, refused))
        else:
            watch.at(seen, told)
        here = Situation(seen, told, now, 0, episode.state)


class Watch:
    """Looks at each move as it is taken and says what is broken."""

    def __init__(self, pathway: Pathway, findings: Findings) -> None:
        self.pathway = pathway
        self.claims = pathway.claims
        self.findings = findings
        self.names = read_chart(pathway).names
        self.duties: set[str] = set()
        self.states: set[str] = set()
        self.decided: set[tuple[str, str]] = set()
        self.deadlines: set[tuple[str, str]] = set()
        """Stages and the kinds of deadlines that stood in them."""
        self.stood: dict[str, Story] = {}
        """Each kind of deadline, with the first story in which it stands."""
        self.cancelled: dict[str, Story] = {}
        """Each kind of deadline, with the first story in which it is taken away before it comes."""

    def on(self, taken: Taken) -> None:
        """One move: where it came from, what it led to, and what it may not do."""
        if taken.step.entry and taken.step.entry["kind"] == "crisis":
            self._crisis(taken)
        if taken.refused is not None:
            return
        self.findings.holds("follows")
        self.at(taken.after, taken.story)
        self._person(taken)
        self._causes(taken)
        self._decision(taken)
        if taken.move.entry is not None:
            gone = {kind for kind, _ in taken.source.seen.deadlines} - {
                kind for kind, _ in taken.after.deadlines
            }
            for kind in gone - self.cancelled.keys():
                self.cancelled[kind] = taken.story

    def at(self, seen: Seen, story: Story) -> None:
        """One situation."""
        self.duties |= seen.duties
        self.states |= seen.states
        for kind, _ in seen.deadlines:
            self.deadlines.add((_period(seen), kind))
            self.stood.setdefault(kind, story)
        now = story.steps[-1].at if story.steps else story.began_at
        ahead = seen.next_deadline is not None and seen.next_deadline[1] > now
        if seen.next_deadline and not ahead:
            self.findings.broken(
                "wait", f"the deadline '{seen.next_deadline[0]}' has passed and still stands", story
            )
        elif not (ahead or seen.tasks or seen.referrals or seen.finished):
            self.findings.broken("wait", f"nothing is awaited in {_stage(seen)}", story)
        else:
            self.findings.holds("wait")
        for kind, role in seen.roles:
            if role not in ROLES:
                self.findings.broken(
                    "owner", f"the task {_words(kind)} belongs to {role}, whom nobody knows", story
                )
            self.findings.holds("owner")
        facts = dict(seen.facts)
        self._asked(seen, facts, story)
        self._truth(seen, facts, story)
        for name, kind in seen.misread:
            self.findings.broken("blind", f"the fact {_words(name)} has read a {_words(kind).lower()}", story)
        self.findings.holds("blind", len(self.claims.blind))
        if clause := contradicted(self.claims.never, facts):
            self.findings.broken("cause", f"claimed never to stand together: {', '.join(clause)}", story)
        self.findings.holds("cause")

    def _asked(self, seen: Seen, facts: dict[str, bool], story: Story) -> None:
        for (stage, guard), kind in self.claims.asks.items():
            if stage == _period(seen) and facts[guard]:
                if kind not in seen.duties:
                    said = f"nobody owes the {_words(kind)} in {_stage(seen)}"
                    self.findings.broken(
                        "asked", f"{said}, although {self.claims.guards[guard].holds}", story
                    )
                self.findings.holds("asked")

    def _truth(self, seen: Seen, facts: dict[str, bool], story: Story) -> None:
        for state in seen.states:
            for literal in self.claims.means.get(state, ()):
                name, wanted = bare(literal), not literal.startswith("!")
                if facts[name] is not wanted:
                    self.findings.broken(
                        "truth", untrue(self.pathway, self.names[state], name, wanted), story
                    )
        self.findings.holds("truth")

    def _states(self) -> frozenset[str]:
        return frozenset(read_chart(self.pathway).leaves) - self.claims.passes_through

    def _person(self, taken: Taken) -> None:
        if taken.after.stage == "closed":
            if not by_person(taken.after.exit_by):
                reason, kind, source = taken.after.exit_by or ("none", "none", "nobody")
                what = (
                    f"the episode is closed ({_words(reason)}) by an entry of the kind {kind} from {source}"
                )
                self.findings.broken("person", what, taken.story)
            self.findings.holds("person")

    def _causes(self, taken: Taken) -> None:
        if taken.after.stage == "closed" and not by_person(taken.after.exit_by):
            return  # told already, and under a better name
        before = dict(taken.source.seen.facts)
        for guard, value in taken.after.facts:
            if before[guard] is not value:
                claimed = self.claims.guards[guard]
                if not taken.move.causes & claimed.may_become(value):
                    causes = ", ".join(sorted(taken.move.causes))
                    self.findings.broken(
                        "cause", f"'{claimed.says(value)}' has come about by {causes}", taken.story
                    )
                self.findings.holds("cause")

    def _decision(self, taken: Taken) -> None:
        entry = taken.step.entry
        if entry is None or entry["kind"] != "decision" or causes_of(entry) == {Cause.FEED}:
            return
        answer = (kind_of(str(entry["about"])), str(entry["choice"]))
        before, after = _period(taken.source.seen), _period(taken.after)
        self.decided.add(answer)
        said = f"the decision {_words(answer[1])} about {_words(answer[0])}"
        reopens = before == "closed" and answer[0] == "reopening"
        wanted = self.claims.decisions.get(answer, before)
        if after != wanted and not reopens:
            self.findings.broken("decision", f"{said} leads from {before} to {after}", taken.story)
        self.findings.holds("decision")

    def _crisis(self, taken: Taken) -> None:
        before, after = taken.source.seen, taken.after
        if before.finished or (before.exit_by and before.exit_by[0] == "deceased"):
            return
        _, state, kind = self.claims.crisis
        assert taken.move.entry is not None
        other = "a second crisis" if state in before.states else "a crisis"
        if taken.refused is not None:
            self.findings.broken("crisis", f"{other} is refused in {_stage(before)}", taken.story)
        elif state not in after.states:
            self.findings.broken("crisis", f"{other} is not shown in {_stage(before)}", taken.story)
        elif f"{kind}:{taken.move.entry['id']}" not in after.tasks:
            self.findings.broken("crisis", f"nobody is called for {other} in {_stage(before)}", taken.story)
        elif before.stage != after.stage:
            self.findings.broken("crisis", f"{other} moves the episode from {_stage(before)}", taken.story)
        else:
            self.findings.holds("crisis")

    def at_the_end(self, search: Search) -> None:
        """What only the whole search can say: deadlines that nothing takes away, and what never came up."""
        for kind, story in self.stood.items():
            if kind in self.cancelled:
                self.findings.holds("cancel")
            else:
                self.findings.broken("cancel", f"nothing takes the deadline '{kind}' away", story)
        for blocked in search.blocked:
            self.findings.broken("reach", blocked)
        claimed_deadlines = {
            f"{kind} ({stage})" for stage, kinds in self.claims.deadlines.items() for kind in kinds
        }
        decisions = {f"{choice} about {kind}" for kind, choice in self.claims.decisions}
        decided = {f"{choice} about {kind}" for kind, choice in self.decided}
        for what, claimed, found in (
            ("task", self.claims.duties, self.duties),
            ("deadline", claimed_deadlines, {f"{kind} ({stage})" for stage, kind in self.deadlines}),
            ("decision", decisions, decided & decisions),
            ("state", self._states(), self.states & self._states()),
        ):
            self.findings.holds("reach", len(claimed & found))
            for kind in sorted(claimed - found):
                self.findings.broken("reach", f"the {what} '{_words(kind)}' never comes up")
            for kind in sorted(found - claimed):
                self.findings.broken("reach", f"the {what} '{_words(kind)}' comes up and is not claimed")
        closing = search.closing
        for situation in search.expanded:
            if situation.seen.stage != "closed":
                if situation.seen.kind in closing:
                    self.findings.holds("way_out")
                else:
                    what = f"no person can end the episode from {_stage(situation.seen)}"
                    self.findings.broken("way_out", what, situation.story)


def _period(seen: Seen) -> str:
    return "program" if seen.stage == "gate_review" else seen.stage


def _stage(seen: Seen) -> str:
    return f"the stage {_words(seen.stage)}"


def _words(value: str) -> str:
    return value.replace("_", " ")
