"""A question as it is sent (OpenID AuthZEN Authorization API 1.0 §5, §6, §7), read without trust. Pure.

What is missing or of a wrong type is `Malformed`, with the mend in one sentence. What is well formed and of a kind
that nobody answers here (another type of resource, another action) is `NotOurs`: a decision too, and it is no.
Unknown members are ignored everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_ITEMS = 1000
LONGEST = 512  # of an id, name or type
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")
ENTITIES = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}


class Malformed(Exception):
    """What to write instead. Repeats no input."""


@dataclass(frozen=True, slots=True)
class Question:
    """May `application` (its client_id) read `attributes` (names) of the citizen that the asker calls `sub`, for
    `purpose` (`code/version`)?
    """

    application: str
    purpose: str
    sub: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A question that only another kind of service could answer."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item of a batch that asks nothing: that item alone is denied (§7.1)."""


Item = Question | NotOurs | Unreadable


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole request. `understands_custom`: obligations of that type may be sent (a caller that does not know one
    must deny). `semantic` None: a single question, which gets a single answer.
    """

    items: tuple[Item, ...]
    understands_custom: bool
    semantic: str | None = None


def read_one(document: object) -> Asked:
    """The body of an evaluation."""
    members = _object(document, "the body")
    return Asked((_question(members),), _understands_custom(members))


def read_many(document: object) -> Asked:
    """The body of a batch: its own members are what an item that lacks one has, whole (§7.1.1). Without items it
    is a single question.
    """
    members = _object(document, "the body")
    items = members.get("evaluations", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Malformed("evaluations must be an array of objects")
    if len(items) > MOST_ITEMS:
        raise Malformed(f"send at most {MOST_ITEMS} evaluations at once")
    if not items:
        return read_one(members)
    options = _object(members.get("options", {}), "options")
    semantic = options.get("evaluations_semantic", SEMANTICS[0])
    if semantic not in SEMANTICS:
        raise Malformed(f"evaluations_semantic is one of {', '.join(SEMANTICS)}")
    for name in (*ENTITIES, "context"):
        if name in members:
            _object(members[name], name)
    defaults = {name: members[name] for name in ENTITIES if name in members}
    return Asked(tuple(_item({**defaults, **item}) for item in items), _understands_custom(members), semantic)


def _item(members: Mapping[str, Any]) -> Item:
    try:
        return _question(members)
    except Malformed:
        return Unreadable()


def _question(members: Mapping[str, Any]) -> Question | NotOurs:
    subject, action, resource = (_entity(members, name) for name in ENTITIES)
    asked = (subject["type"], action["name"], resource["type"])
    if asked != ("application", "read", "citizen"):
        return NotOurs()
    purpose = _properties(action, "action").get("purpose")
    if not isinstance(purpose, str) or not purpose:
        raise Malformed("action.properties.purpose must be a purpose and its version, such as clinic-queue/1")
    names = _properties(resource, "resource").get("attributes")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise Malformed("resource.properties.attributes must be an array of names, with one at least")
    return Question(subject["id"], purpose, resource["id"], tuple(dict.fromkeys(names)))


def _entity(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in members:
        raise Malformed(f"{name} is missing")
    entity = _object(members[name], name)
    for member in ENTITIES[name]:
        value = entity.get(member)
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
            raise Malformed(f"{name}.{member} must be a text of 1 to {LONGEST} characters")
    _properties(entity, name)
    return entity


def _properties(entity: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _object(entity.get("properties", {}), f"{name}.properties")


def _understands_custom(members: Mapping[str, Any]) -> bool:
    types = _object(members.get("context", {}), "context").get("supported_obligations", [])
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise Malformed("context.supported_obligations must be an array of texts")
    return "custom" in types


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object")
    return value
