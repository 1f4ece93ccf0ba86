"""FHIR R4: practitioners in their roles and healthcare services, as a Bundle, an array or one resource.

The shape is Plan-Net's (HL7/davinci-pdex-plan-net, CC0): who gives the care, where, in which specialty (NUCC codes) and
in which languages, whether new patients are taken and how it is delivered stand in the resources that a role refers
to and in two extensions. FHIR has no waiting time: it is read from the words of `availabilityExceptions`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from activities.directory import vocabulary
from activities.directory.feeds import Feed
from activities.directory.fields import (
    code,
    joined,
    link,
    moment,
    obj,
    objects,
    place,
    says_yes,
    text,
    unplaced,
)
from activities.directory.hours import wait_days
from activities.directory.listing import DAY, Listing, Modality, Place, Slot
from activities.directory.reading import FeedRead, FeedUnusable, Remarks, RowRefused, read_rows, rows_of
from activities.directory.times import clock, from_name, length
from workflows.core.episode.linkage.vocabulary import ReferralKind

Resource = Mapping[str, Any]
LISTED = ("PractitionerRole", "HealthcareService")


class Resources:
    """The resources of one feed, found by reference: relative, absolute, or the full URL of a bundle's entry."""

    def __init__(self, document: Any) -> None:
        self.all: list[Resource] = []
        self._by_reference: dict[str, Resource] = {}
        for entry in self._entries(document):
            resource = obj(entry.get("resource")) if "resource" in entry else entry
            kind, number = code(resource.get("resourceType")), code(resource.get("id"))
            if kind:
                self.all.append(resource)
                self._by_reference[f"{kind}/{number}"] = resource
            if full := code(entry.get("fullUrl"), 500):
                self._by_reference[full] = resource

    @staticmethod
    def _entries(document: Any) -> list[Resource]:
        if isinstance(document, Mapping) and code(document.get("resourceType")) not in ("", "Bundle"):
            if document["resourceType"] == "OperationOutcome":
                said = next((text(one.get("diagnostics")) for one in objects(document.get("issue"))), "")
                raise FeedUnusable(f"the server answered with an error{f': {said}' if said else ''}")
            return [document]
        if isinstance(document, Mapping) and document.get("resourceType") == "Bundle":
            return objects(document.get("entry") or [])
        return objects(rows_of(document, "entry"))

    def behind(self, reference: Any) -> Resource:
        """What a reference points to; empty where it is not in the feed."""
        said = code(obj(reference).get("reference"), 500)
        return self._by_reference.get(said) or self._by_reference.get("/".join(said.split("/")[-2:]), {})

    def each_behind(self, references: Any) -> Iterator[Resource]:
        """What several references point to."""
        for reference in objects(references):
            if found := self.behind(reference):
                yield found


def read(document: Any, feed: Feed) -> FeedRead:
    """Read the practitioners' roles and the services.

    Raises:
        FeedUnusable: it holds no FHIR resources.
    """
    resources = Resources(document)
    if not resources.all and document:
        raise FeedUnusable("the answer holds no FHIR resources")
    listed = [one for one in resources.all if one.get("resourceType") in LISTED]
    return read_rows(listed, lambda row, remarks: listing(row, resources, feed, remarks), feed.country)


def listing(row: Resource, resources: Resources, feed: Feed, remarks: Remarks) -> Listing:
    """One role of a practitioner, or one service.

    Raises:
        RowRefused: it has no id or nothing to call it by.
    """
    number = code(row.get("id"))
    if not number:
        raise RowRefused("id: is missing, so it cannot be told from others")
    is_role = row["resourceType"] == "PractitionerRole"
    source_id = f"{row['resourceType']}/{number}"  # an id is the resource type's own
    practitioner = resources.behind(row.get("practitioner"))
    organisation = resources.behind(row.get("organization") or row.get("providedBy"))
    services = list(resources.each_behind(row.get("healthcareService")))
    name = _name(row, practitioner, organisation)
    if not name:
        raise RowRefused(f"name: {source_id} has nothing to call it by")
    words = [*_words(row, "specialty", "code", "type", "category"), row.get("comment"),
             *(word for one in services for word in _words(one, "specialty", "type", "category"))]  # fmt: skip
    specialties, needs = _specialties(row, services, words), vocabulary.services_in(row.get("name"), *words)
    kind: ReferralKind = (
        "therapist" if is_role else "level_of_care" if set(needs) & vocabulary.LEVELS_OF_CARE else "service"
    )
    if kind != "therapist" and not needs:
        remarks(
            "the service meets none of the needs that are known here; it can be searched and is not matched"
        )
    locations = [*resources.each_behind(row.get("location")), *_locations_of(services, resources)]
    where, address = _place(locations)
    modality = _modality(row, services)
    if where is None and modality != "online":
        given = next((obj(one.get("position")) for one in locations if one.get("position")), {})
        remarks(unplaced(given.get("latitude"), given.get("longitude")))
    active = says_yes(row.get("active")) is not False and says_yes(practitioner.get("active")) is not False
    telecom = [*objects(row.get("telecom")), *(t for one in services for t in objects(one.get("telecom")))]
    return Listing(
        source=feed.name, source_id=source_id, kind=kind, name=name, services=needs if kind != "therapist" else (),
        timezone=feed.timezone, weekly=_weekly(row, remarks), status="active" if active else "inactive",
        modality=modality, place=where, address=address,
        phone=_telecom(telecom, "phone"), url=link(_telecom(telecom, "url")),
        languages=_languages(row, practitioner), specialties=specialties,
        payers=tuple(dict.fromkeys(vocabulary.payer(one) for one in _networks(row, resources) if one)),
        accepts_new=_takes_new(row), wait_days=wait_days(row.get("availabilityExceptions")),
        agency=feed.agencies.get(source_id) or feed.agencies.get(number, ""),
        updated_at=moment(obj(row.get("meta")).get("lastUpdated")),
        trust=feed.trust,
    )  # fmt: skip


def _name(row: Resource, practitioner: Resource, organisation: Resource) -> str:
    names = objects(practitioner.get("name"))
    person = next((text(one.get("text"), 120) for one in names if one.get("text")), "") or next(
        (" ".join([*(text(g, 60) for g in _list(one.get("given"))), text(one.get("family"), 60),
                   *(text(s, 20) for s in _list(one.get("suffix")))]).strip() for one in names), "",
    )  # fmt: skip
    person = person or text(obj(row.get("practitioner")).get("display"), 120)
    of = text(organisation.get("name"), 120) or text(obj(row.get("organization")).get("display"), 120)
    return " · ".join(filter(None, (text(row.get("name"), 160) or person, of)))


def _words(row: Resource, *names: str) -> Iterator[str]:
    for name in names:
        for concept in objects(row.get(name)):
            yield text(concept.get("text"))
            yield from (text(coding.get("display")) for coding in objects(concept.get("coding")))


def _specialties(row: Resource, services: list[Resource], words: list[Any]) -> tuple[str, ...]:
    codes = (code(coding.get("code")) for one in (row, *services) for concept in objects(one.get("specialty"))
             for coding in objects(concept.get("coding")))  # fmt: skip
    by_code = (s for c in codes for s in vocabulary.NUCC.get(c, ()))
    return tuple(sorted({*by_code, *vocabulary.specialties_in(*words)}))


def _locations_of(services: list[Resource], resources: Resources) -> Iterator[Resource]:
    for one in services:
        yield from resources.each_behind(one.get("location"))


def _place(locations: list[Resource]) -> tuple[Place | None, str]:
    where, address = None, ""
    for location in locations:
        if code(location.get("status")) in ("suspended", "inactive"):
            continue
        position, written = obj(location.get("position")), obj(location.get("address"))
        where = where or place(position.get("latitude"), position.get("longitude"))
        address = address or text(written.get("text")) or joined(
            *(text(line, 120) for line in _list(written.get("line"))),
            *(text(written.get(name), 80) for name in ("city", "state", "postalCode")),
        )  # fmt: skip
    return where, address


def _extensions(row: Resource, name: str) -> Iterator[Resource]:
    """Extensions whose URL ends so, one level of nested ones included."""
    for one in objects(row.get("extension")):
        for found in (one, *objects(one.get("extension"))):
            if code(found.get("url"), 300).rpartition("/")[2] == name:
                yield found


def _modality(row: Resource, services: list[Resource]) -> Modality:
    """Plan-Net's delivery method; in person where nothing is said."""
    said = {code(coding.get("code")) for one in (row, *services) for extension in _extensions(one, "deliverymethod")
            for part in objects(extension.get("extension"))
            for coding in objects(obj(part.get("valueCodeableConcept")).get("coding"))}  # fmt: skip
    if "virtual" in said:
        return "hybrid" if "physical" in said else "online"
    return "in_person"


def _takes_new(row: Resource) -> bool | None:
    """Plan-Net's newpatients: newpt and existptfam admit others than existing patients; nopt and existptonly do not."""
    said = {
        code(coding.get("code"))
        for extension in _extensions(row, "newpatients")
        for part in objects(extension.get("extension"))
        for coding in objects(obj(part.get("valueCodeableConcept")).get("coding"))
    }
    return None if not said else "newpt" in said


def _networks(row: Resource, resources: Resources) -> Iterator[str]:
    """Who pays: the networks that the role belongs to, by name."""
    for extension in _extensions(row, "network-reference"):
        reference = obj(extension.get("valueReference"))
        yield text(resources.behind(reference).get("name"), 120) or text(reference.get("display"), 120)


def _languages(*rows: Resource) -> tuple[str, ...]:
    found = []
    for row in rows:
        for concept in objects(row.get("communication")):
            codings = [code(coding.get("code")) for coding in objects(concept.get("coding"))]
            found += [vocabulary.language(word) for word in (*codings, concept.get("text")) if word]
    return tuple(dict.fromkeys(filter(None, found)))


def _telecom(telecom: list[Resource], system: str) -> str:
    """A contact at work; one at home or a mobile phone is personal and never read."""
    for one in telecom:
        if code(one.get("system")) == system and code(one.get("use")) not in (
            "home",
            "mobile",
            "old",
            "temp",
        ):
            return code(one.get("value"), 200)
    return ""


def _weekly(row: Resource, remarks: Remarks) -> tuple[Slot, ...]:
    slots: set[Slot] = set()
    for available in objects(row.get("availableTime")):
        whole_day = says_yes(available.get("allDay")) is True
        start = 0 if whole_day else clock(available.get("availableStartTime"))
        if start is None:
            remarks.odd("availableStartTime", available.get("availableStartTime"), "these hours are left out")
            continue
        minutes = DAY if whole_day else length(start, clock(available.get("availableEndTime")), default=0)
        for day in _list(available.get("daysOfWeek")):
            weekday = from_name(day)
            if weekday is None:
                remarks.odd("daysOfWeek", day, "this day is left out")
            else:
                slots.add(Slot(weekday, start, minutes))
    return tuple(sorted(slots))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
