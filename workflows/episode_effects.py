"""What an episode asks of the world: notices, messages, the clinic database, referrals, a following episode."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.core.engine.effects import (
        BeginEpisode,
        ChangeTask,
        CloseTask,
        Effect,
        KeepConsents,
        MessagePatient,
        NoteClosed,
        Notify,
        OpenTask,
        StartReferral,
        TellReferral,
    )
    from workflows.core.episode.episode import Episode
    from workflows.core.referral.start import ReferralStart
    from workflows.pathways.following import start_of_following
    from workflows.ports.clinic_files import KEEP_CONSENTS, NOTE_EPISODE, ConsentsStated, EpisodeNote
    from workflows.ports.timeouts import CLINIC_NOTE, DOOR, TOLD_AGAIN_AFTER
    from workflows.shell.effect_handlers import EffectHandlers
    from workflows.shell.notices import start_message, undelivered_message
    from workflows.shell.signals import signalled


class EpisodeEffects(EffectHandlers[Episode, Effect]):
    """The effects of one episode."""

    def __init__(self, episode: Episode, stir: Callable[[], None]) -> None:
        self._start = start = episode.start
        super().__init__(
            episode, of=start.episode_id, episode_id=start.episode_id, site=start.site, stir=stir
        )
        self._stir = stir
        self._writing = 0
        """Writes to the clinic database that have not landed: consents, and whether the episode is over."""
        self._one_after_the_other = asyncio.Lock()

    def handle(self, effect: Effect) -> Coroutine[Any, Any, None]:
        """The handler of an effect, at work."""
        match effect:
            case MessagePatient():
                return self._message(effect)
            case NoteClosed():
                return self._written(self._note_closed(effect))
            case KeepConsents():
                return self._written(self._keep_consents(effect))
            case StartReferral():
                return self._start_referral(effect)
            case TellReferral():
                return self._tell_referral(effect)
            case BeginEpisode():
                return self._begin_episode(effect)
            case OpenTask() | ChangeTask() | CloseTask() | Notify():
                return self.handle_shared(effect)

    async def _message(self, message: MessagePatient) -> None:
        episode_id = self.episode_id
        sending = start_message(
            key=f"{episode_id}:{message.key}",
            episode_id=episode_id,
            template=message.template,
            send_before=message.send_before,
            quiet=message.quiet,
            timezone=self._start.timezone,
        )
        self.sending[message.key] = (message, sending)
        try:
            failures = await undelivered_message(message.template, sending)
        finally:
            del self.sending[message.key]
        if failures:
            self.living.not_sent(message, *failures)
            self._stir()

    @property
    def asks_the_door(self) -> bool:
        """Whether the engine has just said something by which the door judges what may leave (P3)."""
        return any(isinstance(effect, KeepConsents | NoteClosed) for effect in self.living.effects)

    async def in_force(self) -> None:
        """Wait until the clinic database, by which every sending is judged, knows all that was said until now (P3).

        There is no bound: while the database is away nothing can be sent either, and what is not in force is not
        answered.
        """
        await workflow.wait_condition(lambda: not self.asks_the_door and not self._writing)

    def _written(self, writing: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        self._writing += 1

        async def write() -> None:
            try:
                async with self._one_after_the_other:  # what was said later is never overtaken
                    await writing
            finally:
                self._writing -= 1

        return write()

    async def _note_closed(self, note: NoteClosed) -> None:
        closed = EpisodeNote(episode_id=self.episode_id, closed_on=note.closed_on)
        what = "closed" if note.closed_on else "open again"
        await self._told_the_door(NOTE_EPISODE, closed, f"Clinic database: episode {what}")

    async def _keep_consents(self, kept: KeepConsents) -> None:
        stated = ConsentsStated(
            episode_id=self.episode_id,
            version=kept.version,
            consents=list(kept.consents),
            lifted=list(kept.lifted),
        )
        await self._told_the_door(KEEP_CONSENTS, stated, "Clinic database: consents")

    async def _told_the_door(self, activity: str, told: EpisodeNote | ConsentsStated, summary: str) -> None:
        """Tell the clinic database until it has taken it. The activity tries without end by itself; that it fails all
        the same is the doing of somebody who writes to the server, and would leave a revocation without effect (P3)."""
        while True:
            try:
                await workflow.execute_activity(activity, told, summary=summary, **DOOR.options())
            except ActivityError as error:
                workflow.logger.warning("%s is told again: %s", activity, type(error.cause).__name__)
                await workflow.sleep(TOLD_AGAIN_AFTER, summary=f"{summary}, again")
            else:
                return

    async def _start_referral(self, new: StartReferral) -> None:
        await self.in_force()
        start = self._start
        beginning = ReferralStart(
            **start.model_dump(include={"episode_id", "site", "timezone", "team", "closures"}),
            referral_id=new.referral_id,
            kind=new.kind,
            service=new.service,
            wishes=new.wishes,
            since=new.since,
            need=new.need,
            policy=new.policy,
            statements=new.statements,
            signing_keys=dict(self.living.trust.keys),
        )
        await workflow.start_child_workflow(
            visibility.REFERRAL,
            beginning.model_dump(mode="json"),
            id=new.referral_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=visibility.of_new_referral(beginning),
            static_summary=f"referral · {new.kind.replace('_', ' ')} · {start.site}",
        )

    async def _tell_referral(self, news: TellReferral) -> None:
        # The ledger judges by the clinic database: it must know of a consent before the referral tries again (P3).
        await self.in_force()
        await self.starting.started(news.referral_id)
        await signalled(news.referral_id, "told", news.statement)

    async def _begin_episode(self, begin: BeginEpisode) -> None:
        start = self._start
        await workflow.execute_activity(
            NOTE_EPISODE,
            EpisodeNote(episode_id=begin.episode_id, follows=start.episode_id, opened_on=begin.referred_on),
            summary="Clinic database: the episode goes on in another program",
            **CLINIC_NOTE.options(),
        )
        await workflow.start_child_workflow(
            visibility.CARE_EPISODE,
            start_of_following(start, begin, self.living.trust.keys),
            id=f"episode-{begin.episode_id}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"{begin.pathway} · {start.site}",
        )
