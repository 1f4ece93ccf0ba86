"""Resources in memory with their versions: what a FHIR R4 server must do to take part in a referral, and no more."""

import copy
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from activities.agencies.fhir.reading import Unreadable, read

Resource = dict[str, Any]

KINDS = ("Patient", "Organization", "Consent", "ServiceRequest", "Task", "Communication", "Provenance")


class Refused(Exception):
    """A request that the server refuses, with the HTTP status and the code of FHIR's issue type."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code = status, code

    def outcome(self) -> Resource:
        """As FHIR tells it."""
        issue = {"severity": "error", "code": self.code, "diagnostics": str(self)}
        return {"resourceType": "OperationOutcome", "issue": [issue]}


class Store:
    """All resources by kind and id; each is a list of versions, the newest last."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], list[Resource]] = {}

    def create(self, kind: str, resource: Any, if_none_exist: str | None = None) -> tuple[bool, Resource]:
        """A new resource, or the one that the search finds; whether it is new."""
        found = self.search(kind, if_none_exist) if if_none_exist else []
        if len(found) > 1:
            raise Refused(412, "multiple-matches", f"the search finds {len(found)} of {kind}")
        if found:
            return False, found[0]
        return True, self._keep(kind, str(uuid.uuid4()), resource)

    def read(self, kind: str, id_: str) -> Resource:
        """The newest version."""
        versions = self._versions.get((kind, id_))
        if not versions:
            raise Refused(404, "not-found", f"there is no such {kind}")
        return copy.deepcopy(versions[-1])

    def update(self, kind: str, id_: str, resource: Any, if_match: str | None) -> Resource:
        """A new version of what is there, made from the version that the caller has read."""
        newest = self.read(kind, id_)["meta"]["versionId"]
        if if_match is None:
            raise Refused(428, "required", "an update needs If-Match with the version that was read")
        if if_match.strip() not in (f'W/"{newest}"', f'"{newest}"'):
            raise Refused(412, "conflict", f"the newest version is {newest}")
        if isinstance(resource, dict) and resource.get("id", id_) != id_:
            raise Refused(400, "invalid", "the id in the resource is another than in the address")
        return self._keep(kind, id_, resource)

    def search(self, kind: str, query: str) -> list[Resource]:
        """By `identifier` (system|value), `status` and `_lastUpdated` (ge…, gt…, or exact)."""
        if kind not in KINDS:
            raise Refused(404, "not-supported", f"{kind} is not kept here")
        found = [versions[-1] for (one, _), versions in self._versions.items() if one == kind]
        for name, value in parse_qsl(query, keep_blank_values=True):
            found = [one for one in found if _matches(one, name, value)]
        return copy.deepcopy(found)

    def transaction(self, bundle: Any) -> Resource:
        """All entries, or none: they are carried out on a copy, which then takes the place of the original."""
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise Refused(400, "structure", "a Bundle is needed here")
        if bundle.get("type") != "transaction" or not isinstance(bundle.get("entry"), list):
            raise Refused(400, "not-supported", "the Bundle must be a transaction with entries")
        trial = Store()
        trial._versions = {place: list(versions) for place, versions in self._versions.items()}
        entries = [_entry(one) for one in bundle["entry"]]
        places: dict[str, str] = {}
        ids: list[str] = []
        for entry in entries:
            url, request = entry.get("fullUrl"), entry["request"]
            known = (
                trial.search(request["url"], request["ifNoneExist"])
                if request["method"] == "POST" and request.get("ifNoneExist")
                else []
            )
            ids.append(known[0]["id"] if len(known) == 1 else str(uuid.uuid4()))
            if isinstance(url, str):
                places[url] = f"{request['url']}/{ids[-1]}"
        answers = [trial._carry_out(entry, id_, places) for entry, id_ in zip(entries, ids, strict=True)]
        self._versions = trial._versions
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _carry_out(self, entry: Mapping[str, Any], id_: str, places: Mapping[str, str]) -> Resource:
        request, resource = entry["request"], _relinked(entry["resource"], places)
        if request["method"] == "PUT":
            kind, _, id_ = str(request["url"]).partition("/")
            kept, status = self.update(kind, id_, resource, request.get("ifMatch")), "200 OK"
        elif request.get("ifNoneExist") and (found := self.search(request["url"], request["ifNoneExist"])):
            if len(found) > 1:
                raise Refused(412, "multiple-matches", f"the search finds {len(found)} of {request['url']}")
            kept, status = found[0], "200 OK"
        else:
            kept, status = self._keep(request["url"], id_, resource), "201 Created"
        version = kept["meta"]["versionId"]
        location = f"{kept['resourceType']}/{kept['id']}/_history/{version}"
        return {"response": {"status": status, "location": location, "etag": f'W/"{version}"'}}

    def _keep(self, kind: str, id_: str, resource: Any) -> Resource:
        if kind not in KINDS:
            raise Refused(404, "not-supported", f"{kind} is not kept here")
        if not isinstance(resource, dict) or resource.get("resourceType") != kind:
            raise Refused(400, "structure", f"a {kind} is needed here")
        if kind == "Task":
            try:
                read(resource)
            except Unreadable as error:
                raise Refused(422, "invalid", str(error)) from None
        versions = self._versions.setdefault((kind, id_), [])
        given = resource.get("meta")
        meta = {
            **(given if isinstance(given, dict) else {}),
            "versionId": str(len(versions) + 1),
            "lastUpdated": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        kept = {**copy.deepcopy(resource), "id": id_, "meta": meta}
        # A new list: the original of a transaction shares the old one.
        self._versions[kind, id_] = [*versions, kept]
        return copy.deepcopy(kept)


def _entry(entry: Any) -> Mapping[str, Any]:
    content: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    request = content.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise Refused(400, "structure", "each entry needs a request with a method and a url")
    if request.get("method") not in ("POST", "PUT"):
        raise Refused(400, "not-supported", "only POST and PUT are carried out here")
    if not isinstance(content.get("resource"), dict):
        raise Refused(400, "structure", "each entry needs a resource")
    return content


def _relinked(part: Any, places: Mapping[str, str]) -> Any:
    """With each reference inside the bundle pointing to where the resource came to stand."""
    if isinstance(part, dict):
        return {
            name: places.get(value, value)
            if name == "reference" and isinstance(value, str)
            else _relinked(value, places)
            for name, value in part.items()
        }
    return [_relinked(one, places) for one in part] if isinstance(part, list) else part


def _matches(resource: Resource, name: str, value: str) -> bool:
    match name:
        case "identifier":
            system, bar, wanted = value.rpartition("|")
            return any(
                one.get("value") == wanted and (not bar or one.get("system", "") == system)
                for one in resource.get("identifier", [])
                if isinstance(one, dict)
            )
        case "status":
            return resource.get("status") in value.split(",")
        case "_lastUpdated":
            return _since(resource["meta"]["lastUpdated"], value)
    raise Refused(400, "not-supported", f"a search by {name} is not known here")


def _since(updated: str, value: str) -> bool:
    prefix, moment = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    try:
        there, asked = datetime.fromisoformat(updated), datetime.fromisoformat(moment.replace(" ", "+"))
        return {"gt": there > asked, "ge": there >= asked, "eq": there == asked}[prefix]
    except (ValueError, TypeError, KeyError):
        raise Refused(400, "invalid", "_lastUpdated is gt, ge or nothing, and a time with a zone") from None
