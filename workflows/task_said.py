"""What people tell a task: read, and looked at whether the clinic has signed it for them (E0)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine import ed25519  # noqa: F401  # here, since nothing is loaded in the sandbox
    from workflows.core.engine.authorship import refuse_other_signer
    from workflows.core.engine.bounds import check_entry
    from workflows.core.engine.codes import check_code
    from workflows.core.engine.entry import Source
    from workflows.core.engine.errors import NotAllowedNow, Refused
    from workflows.core.engine.signatures import refuse_forged, refuse_stale
    from workflows.core.episode.entries import in_words
    from workflows.messages import Acknowledging, Completion, Reassignment, TaskStart
    from workflows.shell.answering import only
    from workflows.task_refusals import refused

Statement = Completion | Reassignment | Acknowledging
S = TypeVar("S", Completion, Reassignment, Acknowledging)


class Said:
    """What people tell one task.

    Args:
        task: The task as it stands, with what signatures are judged by.
    """

    def __init__(self, task: Callable[[], TaskStart]) -> None:
        self._task = task
        self._taken: set[str] = set()
        """Signatures of what was taken, a copy of which says nothing."""

    def read(self, what: type[S], values: Sequence[Any]) -> S:
        """What an update says.

        Raises:
            ApplicationError: names the field and the remedy; or what is wrong with the signature.
        """
        fields = ", ".join(what.model_fields)
        given = only(values, f"an object with {fields}")
        if not isinstance(given, dict):
            raise refused("InvalidEntry", f"Give an object with {fields}.")
        try:
            check_entry(given)
            said = what.model_validate(given)
            for name in ("by", "to"):
                if staff_id := getattr(said, name, None):
                    check_code(name, staff_id)
            self._must_be_signed(said)
        except ValidationError as error:
            raise refused("InvalidEntry", in_words(error, what)) from None
        except Refused as error:
            raise refused(type(error).__name__, str(error)) from None
        return said

    def keep(self, said: Statement) -> None:
        """It is taken: a copy of it says nothing more."""
        if said.signature:
            self._taken.add(said.signature.value)

    def _must_be_signed(self, said: Statement) -> None:
        task, now = self._task(), workflow.now()
        if not (trust := task.trust):
            return
        plain = said.model_dump(mode="json", exclude_none=True, exclude={"signature"})
        refuse_forged(task.task_id, plain, said.signature, trust, now, "answer")
        refuse_stale(said.signature, trust, now)
        if said.signature:
            refuse_other_signer(said.by, Source.STAFF, said.signature)
            if said.signature.value in self._taken:
                raise NotAllowedNow(
                    "signature: this was said already; whoever says it again signs it anew (E0)."
                )
