"""The command `gate`: the sobriety gate explains itself (S9)."""

import asyncio

import typer

from worker.asked import asking
from worker.commands.options import Episode, Json
from worker.episodes import episode_id
from worker.show import as_json, console, table

app = typer.Typer()


@app.command()
def gate(episode: Episode, json: Json = False) -> None:
    """Each condition of the gate with its evidence, what still holds it, and the earliest day on which it can pass."""

    async def run() -> None:
        async with asking() as asked:
            shown = await asked.ask(episode_id(episode), "progress")
        questions = [one for one in shown["may_decide"] if one["about"] == "gate_review"]
        found = {**shown["gate"], "on_hold": shown["on_hold"], "may_decide": questions}
        if json:
            as_json(found)
            return
        table(
            f"Gate of episode-{shown['episode_id']}",
            ["condition", "met", "evidence"],
            [
                (c["name"].replace("_", " "), "yes" if c["met"] else "no", c["why"])
                for c in found["conditions"]
            ],
        )
        console.print(_verdict(found))
        for question in questions:
            choices, who = ", ".join(question["choices"]), " or ".join(question["signed_by"])
            console.print(f"{question['asks']} Choices: {choices}; by the {who}.")

    asyncio.run(run())


def _verdict(found: dict[str, object]) -> str:
    if found["passes"]:
        return "The gate has passed."
    if found["ready"]:
        return "Everything is met but the signature: a clinician passes or holds the gate."
    if found["earliest_on"] is None:
        return "Nobody can say yet when it can pass: see what is not known above."
    return f"It can pass on {found['earliest_on']} at the earliest, when what is not met above is met."
