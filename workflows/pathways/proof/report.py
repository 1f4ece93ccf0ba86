"""The report: one page that a clinician reads, and the same as data."""

import textwrap
from collections.abc import Iterator
from typing import Any

from workflows.pathways.proof.findings import INVARIANTS, Breach
from workflows.pathways.proof.verify import Proof

_WIDTH = 100
_SHOWN = 3
"""So many breaches of one invariant are told; the others are counted."""


def page(proof: Proof) -> str:
    """The whole report as plain text."""
    return "\n".join(_lines(proof)) + "\n"


def _lines(proof: Proof) -> Iterator[str]:
    findings = proof.findings
    yield f"Proof of the pathway {proof.title}"
    yield ""
    yield from _wrapped(
        f"The chart can rest in {proof.configurations:,} configurations. With what it remembers and the facts "
        f"it reads these are {proof.situations:,} situations; every change of the facts that is possible in "
        f"them, and every decision, was tried: {proof.edges:,} moves. This is complete."
    )
    yield from _wrapped(
        f"The engine was lived through from {proof.openings} openings with every story of up to {proof.depth} "
        f"further steps: {proof.kinds:,} kinds of situations, {proof.tried:,} steps"
        + (". " if proof.complete else " (the search was cut short). ")
        + f"Both took {proof.seconds:.0f} s."
    )
    if proof.policy:
        yield from _wrapped(
            f"With the policy that was given {proof.policy.shown} ways were lived through. The result depends on "
            f"{len(proof.numbers)} of its {len(proof.numbers) + len(proof.not_read)} numbers, which are listed below; "
            "whatever the others are, it is the same."
        )
    yield ""
    for name, invariant in INVARIANTS.items():
        if invariant.of_policy and not proof.policy:
            continue
        broken = findings.breaches.get(name, {})
        looked = findings.looked_at[name]
        verdict = "BROKEN" if broken else "holds" if looked else "not seen"
        rule = f" ({invariant.rule})" if invariant.rule else ""
        yield f"{verdict:<9}{invariant.title}{rule} — looked at {looked:,} times"
        yield from _wrapped(invariant.means, "         ")
    for name, breaches in findings.breaches.items():
        told = sorted(breaches.values(), key=lambda breach: breach.length)
        yield ""
        yield f"BROKEN: {INVARIANTS[name].title}"
        for breach in told[:_SHOWN]:
            yield from _breach(breach)
        if len(told) > _SHOWN:
            others = "; ".join(breach.what for breach in told[_SHOWN:])
            yield from _wrapped(f"and {len(told) - _SHOWN} more: {others}.", "  ")
    if proof.policy:
        yield from _numbers(proof)
    yield ""
    yield (
        "Every invariant holds."
        if findings.hold
        else (f"{len(findings.breaches)} of {len(INVARIANTS)} invariants are broken.")
    )


def _numbers(proof: Proof) -> Iterator[str]:
    assert proof.policy
    yield ""
    yield "The numbers of the policy on which this depends:"
    for name, value in proof.numbers.items():
        yield from _wrapped(f"{name}: {value}", "  ")
    if proof.policy.unshown:
        yield ""
        yield "Not seen under this policy, because it does not lead along the way:"
        for unshown in proof.policy.unshown:
            yield from _wrapped(unshown, "  ")


def _breach(breach: Breach) -> Iterator[str]:
    yield from _wrapped(f"{breach.what[:1].upper()}{breach.what[1:]}.", "  ")
    if breach.story:
        for number, sentence in enumerate(breach.story.tell(), 1):
            yield from _wrapped(f"{number}. {sentence}", "     ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


def as_data(proof: Proof) -> dict[str, Any]:
    """The report as plain JSON."""
    findings = proof.findings
    return {
        "pathway": proof.pathway,
        "holds": findings.hold,
        "chart": {
            "configurations": proof.configurations,
            "situations": proof.situations,
            "moves": proof.edges,
        },
        "engine": {
            "openings": proof.openings,
            "depth": proof.depth,
            "situations": proof.kinds,
            "steps": proof.tried,
            "complete": proof.complete,
        },
        "policy": {
            "depends_on": dict(proof.numbers),
            "does_not_depend_on": list(proof.not_read),
            "ways": proof.policy.shown if proof.policy else None,
            "not_seen": list(proof.policy.unshown) if proof.policy else [],
        },
        "seconds": round(proof.seconds, 1),
        "invariants": [
            {
                "name": name,
                "rule": invariant.rule,
                "title": invariant.title,
                "means": invariant.means,
                "looked_at": findings.looked_at[name],
                "holds": name not in findings.breaches,
                "breaches": [
                    {"what": breach.what, "story": breach.story.as_data() if breach.story else None}
                    for breach in findings.breaches.get(name, {}).values()
                ],
            }
            for name, invariant in INVARIANTS.items()
        ],
    }
