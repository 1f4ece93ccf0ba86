"""A text that nobody understood is told to the case manager, and is read and noted by a command (P1, P2)."""

import json
from datetime import date

from activities.assembled import staff_notifier
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.texts import Texts
from tests.databases import make_database
from tests.typed import carepath
from worker.gateway.unread import Unread
from worker.mailbox import Mailbox, read
from worker.settings import Settings

SAID = "I want to end it, call +15555550101"


async def test_P1_a_text_to_read_is_told_once_without_a_word_of_it_and_tried_until_it_arrives(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    make_database(clinic_settings.database)
    database = ClinicDatabase(clinic_settings.database)
    texts, patients, crosswalk = Texts(database), Patients(database), Crosswalk(database)
    await crosswalk.open_episode("MRN-1", "e1", date(2026, 3, 2))
    await patients.save(Patient("MRN-1", phone="(555) 555-0101"))

    async def owner_of(episode: str) -> str | None:
        return {"e1": "cm-2"}[episode]

    def telling(smtp_url: str) -> Unread:
        notifier = staff_notifier(
            database, staff_file=clinic_settings.staff, smtp_url=smtp_url, sender="office@clinic.example",
            webhook_secret=None, timezone="America/Chicago",
        )  # fmt: skip
        return Unread(texts, patients, crosswalk, owner_of, notifier.notify_staff)

    await texts.keep("a" * 64, "+15555550101", SAID)
    for number in range(2):
        await texts.keep(str(number) * 64, "+15555550999", "who is this?")
    await telling("smtp://127.0.0.1:1").tell_all()  # mail is away
    assert list(read(mailbox.file)) == []
    for _ in range(2):
        await telling(clinic_settings.smtp).tell_all()
    mails = {mail["to"]: mail for mail in read(mailbox.file)}
    assert len(list(read(mailbox.file))) == 2
    assert set(mails) == {"cm-2@clinic.example", "su-1@clinic.example"}
    assert "episode-e1" in mails["cm-2@clinic.example"]["body"]
    for mail in mails.values():
        told = json.dumps(mail)
        assert "carepath answers" in told
        assert not [word for word in ("end it", "0101", "0999", "MRN-1", "who is") if word in told]
    await database.close()


async def test_P2_a_text_is_read_and_noted_as_seen_as_staff_do_it(clinic_settings: Settings) -> None:
    make_database(clinic_settings.database)
    database = ClinicDatabase(clinic_settings.database)
    await Patients(database).save(Patient("MRN-1", phone="(555) 555-0101"))
    await Texts(database).keep("ab" * 32, "+15555550101", "Can you call me?[/b]")
    await Texts(database).keep("cd" * 32, "+15555550999", "who is this?")
    await database.close()

    def typed(*arguments: str, code: int = 0) -> str:
        done = carepath("answers", *arguments, settings=clinic_settings)
        assert done.returncode == code, done
        return done.stderr if code else done.stdout

    shown = typed()
    for word in ("abababab", "+15555550101", "MRN-1", "Can you call me?[/b]", "nobody here"):
        assert word in shown
    assert "--by" in typed("--seen", "abababab", code=2)
    assert "cm-9" in typed("--seen", "abababab", "--by", "cm-9", code=1)
    assert "no unseen text message 99" in typed("--seen", "99", "--by", "cm-1", code=1)
    left = typed("--seen", "abababab", "--by", "cm-1")
    assert ("Can you call me" in left, "who is this?" in left) == (False, True)
    typed("--seen", "abababab", "--by", "cm-1", code=1)
    (one,) = json.loads(typed("--json"))
    assert (one["statement"], one["patients"]) == ({"text": "who is this?"}, [])
