"""What the rules promise, each lived through on the engine and looked at (`claims.promises`)."""

from workflows.core.engine.claims import Literal, Promise
from workflows.core.episode.episode import Episode
from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.findings import Findings
from workflows.pathways.proof.search import NoSuchWay, Search, Situation


def prove_promises(pathway: Pathway, search: Search, findings: Findings) -> None:
    """Live through the way of each promise and look at what it shows at its end."""
    for promise in pathway.claims.promises:
        try:
            here = search.end_of(promise.way, f"what {promise.rule} promises")
        except NoSuchWay as no_way:
            findings.broken("promise", f"{says(promise)}; but {no_way}", no_way.here.story)
            continue
        look_at(search, here, promise, findings)


def look_at(search: Search, here: Situation, promise: Promise, findings: Findings) -> None:
    """What a promise shows where its way has led."""
    search.episode.state = here.state
    for literal in promise.shows:
        if not is_so(search.episode, here, literal):
            findings.broken("promise", f"{says(promise)}; but it is not so: {literal}", here.story)
        findings.holds("promise")


def says(promise: Promise) -> str:
    """A promise in words."""
    return f"{promise.rule} promises: {promise.says[:1].lower()}{promise.says[1:]}"


def is_so(episode: Episode, here: Situation, literal: Literal) -> bool:
    """Whether something that a promise shows is so of an episode that stands in a situation."""
    wanted, seen = not literal.startswith("!"), here.seen
    word, _, rest = literal.removeprefix("!").partition(" ")
    match word:
        case "owes":
            found = any(
                rest == duty.kind for duty in episode.pathway.unanswered(episode.facts, episode.state.states)
            )
        case "task":
            kind, _, role = rest.partition(" of ")
            found = any(kind == task and role in ("", whose) for task, whose in seen.roles)
        case "said":
            found = any(rest == key.partition(":")[0] for key in episode.state.sent)
        case "awaits":
            found = rest in {kind for kind, _ in seen.deadlines}
        case "in":
            found = rest in (seen.stage, "program" if seen.stage == "gate_review" else "")
        case _ if "=" in word:
            name, _, value = word.partition("=")
            found = str(getattr(episode.facts, name)) == value
        case _:
            found = dict(seen.facts)[word]
    return found is wanted
