"""A story: what is stated when, as data that reads as sentences, is kept in a file, and can be lived through again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from workflows.core.engine.calendar import day_in_words, in_words
from workflows.core.engine.errors import Refused
from workflows.core.engine.keys import kind_of
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.start import EpisodeStart
from workflows.pathways import pathway_named


@dataclass(frozen=True, slots=True)
class Step:
    """One entry at an instant; without an entry, time passes until the instant."""

    at: datetime
    entry: Mapping[str, Any] | None = None
    awaited: str = ""
    """What the instant was awaited for, where time passes."""

    def tell(self, before: Mapping[str, Mapping[str, Any]]) -> str:
        """The step as one sentence that a clinician reads; `before` holds the entries so far by their ids."""
        when = in_words(self.at)
        if self.entry is None:
            return f"{when}: time passes{f' ({self.awaited})' if self.awaited else ''}."
        corrected = before.get(str(self.entry.get("entry_id", self.entry.get("supersedes"))))
        about = f" (it said: {said(corrected)})" if corrected else ""
        return f"{when}: {said(self.entry)}{about}."


@dataclass(frozen=True)
class Story:
    """One patient's passage as far as it matters."""

    pathway: str
    start: Mapping[str, Any]
    began_at: datetime
    steps: tuple[Step, ...] = ()
    shows: str = ""
    """What the story was told for."""

    def then(self, step: Step) -> "Story":
        """The story with one step more."""
        return replace(self, steps=(*self.steps, step))

    def tell(self) -> list[str]:
        """The story as sentences."""
        entries = {str(step.entry["id"]): step.entry for step in self.steps if step.entry}
        return [f"{in_words(self.began_at)}: a person is referred.", *(s.tell(entries) for s in self.steps)]

    def live(self) -> Iterator[tuple[Step | None, Episode, str | None]]:
        """Live through the story on the engine: the episode at the start and after each step.

        An entry that is refused changes nothing, and the story goes on; then the engine's words come with it.
        """
        began = self.began_at
        start = EpisodeStart.model_validate(dict(self.start))
        episode = Episode(start, pathway_named(self.pathway), began)
        episode.wake(began)
        yield None, episode, None
        for step in self.steps:
            refused = None
            try:
                if step.entry is None:
                    episode.wake(step.at)
                else:
                    episode.apply(parse_entry(step.entry), step.at)
            except Refused as refusal:
                refused = str(refusal)
            episode.take_effects()
            yield step, episode, refused

    def as_data(self) -> dict[str, Any]:
        """Plain JSON; `from_data` reads it."""
        return {
            "pathway": self.pathway,
            "shows": self.shows,
            "told": self.tell(),
            "start": dict(self.start),
            "began_at": self.began_at.isoformat(),
            "steps": [
                {
                    "at": step.at.isoformat(),
                    **({"entry": dict(step.entry)} if step.entry else {"awaited": step.awaited}),
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """A story as it was kept."""
        zone = EpisodeStart.model_validate(data["start"]).zone
        return cls(
            data["pathway"],
            data["start"],
            datetime.fromisoformat(data["began_at"]).astimezone(zone),
            tuple(
                Step(
                    datetime.fromisoformat(step["at"]).astimezone(zone),
                    step.get("entry"),
                    step.get("awaited", ""),
                )
                for step in data["steps"]
            ),
            data["shows"],
        )


def said(entry: Mapping[str, Any]) -> str:
    """One entry as a clause: what is stated, by whom, about which day."""
    kind, by = str(entry["kind"]), str(entry["by"])
    source = str(entry.get("source", "staff"))
    who = by if source == "staff" else f"{by} ({source})"
    get = entry.get
    match kind:
        case "screening":
            return f"{who} screens the person"
        case "level_of_care":
            return f"{who} decides on the level of care: {_words(get('level'))}"
        case "admission":
            return f"{who} records the admission on {_day(get('on'))}, last use on {_day(get('last_use_on'))}"
        case "goal":
            return f"{who} records a goal as {_words(get('status', 'open'))}"
        case "acknowledgement":
            return f"{who} records that the {_words(get('what'))} is signed"
        case "attendance":
            return f"{who} records the session of {str(get('session')).replace('T', ' ')} as {_words(get('status'))}"
        case "contact":
            return f"{who} contacts the person: {_words(get('outcome'))}"
        case "use":
            class_ = ", which is classed as relapse" if get("class") == "relapse" else ""
            return f"{who} records a return to use on {_day(get('on'))}{class_}"
        case "test":
            found = {"definitive": "definitive positive test", "presumptive": "presumptive positive test"}
            result = found.get(str(get("result")), f"test, {_words(get('result'))}")
            return f"{who} records a {result}"
        case "leave":
            return f"{who} records a leave ({_words(get('reason'))}) from {_day(get('from'))} to {_day(get('until'))}"
        case "return":
            return f"{who} records that the person is back on {_day(get('on'))}"
        case "crisis":
            return f"{who} states a crisis ({_words(get('type'))})"
        case "flag":
            return f"{who} sets the flag {_words(get('name'))}"
        case "checkin":
            return f"{who} records an aftercare check-in with risk {get('risk')}"
        case "decision":
            return f"{who} decides about {_words(kind_of(str(get('about'))))}: {_words(get('choice'))}"
        case "exit":
            corrected = "corrects the exit to" if get("supersedes") else "signs the exit"
            return f"{who} {corrected}: {_words(get('reason'))}"
        case "medication":
            return f"{who} records a prescription of {_words(get('name'))} from {_day(get('start_on'))} on"
        case "policy":
            return f"{who} adopts a changed policy"
        case "consent":
            return f"{who} records a signed consent for {_words(get('recipient'))}"
        case "revocation":
            return f"{who} records that a consent is taken back"
        case "payer":
            return f"{who} records the payer's decision on an authorization: {_words(get('decision'))}"
        case "retraction":
            return f"{who} retracts an entry as wrong"
    return f"{who} records an entry of the kind {_words(kind)}"


def _words(value: object) -> str:
    return str(value).replace("_", " ")


def _day(value: object) -> str:
    try:
        return day_in_words(date.fromisoformat(str(value)))
    except ValueError:
        return _words(value)


@dataclass(frozen=True, slots=True)
class ChartStep:
    """One step of a story about the chart alone: the facts under which it is asked, or an event."""

    facts: tuple[tuple[str, bool], ...]
    event: str | None
    rests_in: tuple[str, ...]
    changed: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class ChartStory:
    """How a chart comes to where it breaks an invariant, whatever the engine does."""

    pathway: str
    steps: tuple[ChartStep, ...]
    shows: str = ""

    def tell(self) -> list[str]:
        """The story as sentences."""
        pathway = pathway_named(self.pathway)
        guards, told = pathway.claims.guards, []
        for number, step in enumerate(self.steps):
            facts = step.changed if number else tuple(fact for fact in step.facts if fact[1])
            clauses = [guards[name].says(value) if name in guards else name for name, value in facts]
            if step.event:
                clauses.append(f"a person decides: {_words(step.event)}")
            why = ", and ".join(clauses) or (
                "nothing is known yet" if number == 0 else "nothing else changes"
            )
            told.append(
                f"{why[:1].upper()}{why[1:]}: the chart rests in {', '.join(step.rests_in) or 'no state'}."
            )
        return told

    def as_data(self) -> dict[str, Any]:
        """Plain JSON; `from_data` reads it."""
        return {
            "pathway": self.pathway,
            "shows": self.shows,
            "told": self.tell(),
            "facts": [{"facts": dict(step.facts), "event": step.event} for step in self.steps],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """A story as it was kept; where it rests is found out again."""
        return cls(
            data["pathway"],
            tuple(ChartStep(tuple(step["facts"].items()), step["event"], ()) for step in data["facts"]),
            data["shows"],
        )
