"""The canonical record of one act of consent: what its commitment binds.

It is the dpv:hasRecordOfActivity object of ISO/IEC TS 27560 in the W3C Data Privacy Vocabulary 2.3 (profile
dpv-27560), with `g:previous`, the commitment of the act before, and `g:schema`. It is made of the act's columns,
the catalogues as they were then (nothing in them is ever edited), the parties as they were called then, and the
pairwise `sub`: so it can be made again at any time, by anybody who has these. Earlier events stand in the records
that `dct:replaces` leads to.

A change of what is written here is a new `g:schema`: the commitments in the log are over these very bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.ledger import entries

SCHEMA = "gapura-consent/1"
PROMISE = timedelta(hours=24)  # within which a receipt says that the leaf of its record is in the log
GAPURA = "gapura"  # the code of holder 0
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"

# What became of the consent, in DPV's words; `amended` leaves it given. A pause has no word there yet.
STATUS = {
    "given": "dpv:ConsentGiven",
    "renewed": "dpv:RenewedConsentGiven",
    "amended": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "left": "dpv:ConsentRequestDeferred",
    "expired": "dpv:ConsentExpired",
    "withdrawn": "dpv:ConsentWithdrawn",
    "ended": "dpv:ConsentRevoked",
    "struck_down": "dpv:ConsentInvalidated",
}
BASIS = {
    "consent": "dpv:ExpressedConsent",
    "contract": "dpv:Contract",
    "law": "dpv:LegalObligation",
    "vital_interest": "dpv:VitalInterest",
    "public_task": "dpv:OfficialAuthorityOfController",
}

# Everything the catalogues say about an act, as one document. Lent to statements in which `act` has agreement_no,
# notice_no and attribute_nos.
TERMS = """
(SELECT jsonb_build_object(
          'agreement', agreement.agreement_id, 'revision', agreement.revision,
          'required', agreement.required_nos, 'basis', basis.kind, 'article', basis.citation,
          'law_basis', law.kind, 'law_article', law.citation,
          'retention_days', agreement.retention_days, 'retention_article', retention.citation,
          'recipients', agreement.recipients, 'automated_decision', agreement.automated_decision,
          'storage_country', agreement.storage_country,
          'purpose', purpose.code, 'purpose_version', purpose.version, 'sentence', purpose.sentence,
          'dpv_purpose', purpose.dpv_purpose, 'longest_days', purpose.longest_days,
          'notice_version', notice.version, 'language', notice.language,
          'sha256', encode(notice.words_digest, 'hex'),
          'issued_on', (notice.issued_at AT TIME ZONE 'UTC')::date,
          'attributes',
          (SELECT coalesce(jsonb_agg(jsonb_build_object('no', a.attribute_no, 'name', a.name, 'dpv', a.dpv_iri,
                                                        'class', a.sensitivity, 'holder', a.holder_agency_no)
                                     ORDER BY a.name, a.version), '[]')
             FROM consent.attributes AS a WHERE a.attribute_no = ANY (act.attribute_nos)))
   FROM consent.agreements AS agreement
   JOIN consent.purposes AS purpose ON purpose.purpose_no = agreement.purpose_no
   JOIN consent.legal_bases AS basis ON basis.statute_no = agreement.statute_no
   LEFT JOIN consent.legal_bases AS law ON law.statute_no = agreement.law_statute_no
   LEFT JOIN consent.legal_bases AS retention ON retention.statute_no = agreement.retention_statute
   LEFT JOIN consent.notices AS notice ON notice.notice_no = act.notice_no
  WHERE agreement.agreement_no = act.agreement_no)"""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who takes part, as they are called at the moment of the act.

    `subject` is the pairwise `sub` that the application knows; `controller` has code, name (by language or one
    string) and dpo_contact; `application` client_id and name; `sources` the agency code of each holder by its
    number (0 is Gapura and needs no entry).
    """

    subject: str
    controller: Mapping[str, Any]
    application: Mapping[str, Any]
    sources: Mapping[int, str]
    issuer: str

    def named(self, holders: set[int]) -> dict[str, Any]:
        """What of this is kept beside the record: all but the subject, and of the sources those that hold
        something.
        """
        return {
            "controller": dict(self.controller),
            "application": dict(self.application),
            "sources": {str(holder): self.sources[holder] if holder else GAPURA for holder in sorted(holders)},
            "issuer": self.issuer,
        }


@dataclass(frozen=True, slots=True)
class Act:
    """One act, in the words of the columns of `consent.records`."""

    record_id: UUID
    consent_id: UUID
    revision: int
    act: str
    actor: str
    acted_at: datetime
    expires_at: datetime | None
    attribute_nos: frozenset[int]
    law_nos: frozenset[int]
    acr: str | None
    amr: tuple[str, ...]
    method: str
    reason: str | None = None
    previous_commitment: bytes | None = None
    previous_id: UUID | None = None


def holders(terms: Mapping[str, Any], attribute_nos: frozenset[int]) -> set[int]:
    """Who holds the attributes in force after an act."""
    return {attribute["holder"] for attribute in terms["attributes"] if attribute["no"] in attribute_nos}


def document(act: Act, terms: Mapping[str, Any], subject: str, named: Mapping[str, Any]) -> dict[str, Any]:
    """The record as JSON; its RFC 8785 bytes are what is committed to. `named` is `Parties.named`."""
    issuer = named["issuer"]
    return {
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": PROFILE,
        "dct:identifier": str(act.record_id),
        **_earlier(act),
        "g:schema": SCHEMA,
        "g:consent": str(act.consent_id),
        "g:version": act.revision,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": subject},
        "dpv:hasJurisdiction": {"@id": "loc:ID"},
        **_notice(terms, issuer),
        "dpv:hasProcess": _process(act, terms, named),
        "dpv:hasService": {"@type": "dpv:Service", **_titled(named["application"]["name"])}
        | {"dct:identifier": named["application"]["client_id"]},
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": f"{issuer}/consents/{act.consent_id}",
        },
        "dpv:hasRight": {"@id": f"{issuer}/rights"},
        "dpv:hasConsentStatus": [_event(act)],
    }


def _earlier(act: Act) -> dict[str, Any]:
    """The act before: named by its commitment, so that none can be dropped from the chain."""
    if act.previous_commitment is None:
        return {}
    return {
        "g:previous": entries.base64url(act.previous_commitment),
        "dct:replaces": f"urn:uuid:{act.previous_id}",
    }


def _notice(terms: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    if terms["notice_version"] is None:
        return {}
    return {
        "dpv:hasNotice": {
            "@id": f"{issuer}/notices/{terms['purpose']}/{terms['notice_version']}",
            "@type": "dpv:ConsentNotice",
            "dct:language": terms["language"],
            "dct:date": terms["issued_on"],
            "g:sha256": terms["sha256"],
        }
    }


def _process(act: Act, terms: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    issuer, controller = named["issuer"], named["controller"]
    agency = f"{issuer}/agencies/{controller['code']}"
    return {
        "@type": "dpv:Process",
        "g:agreement": {"dct:identifier": terms["agreement"], "g:version": terms["revision"]},
        "dpv:hasPurpose": {
            "@id": f"{issuer}/purposes/{terms['purpose']}/{terms['purpose_version']}",
            "@type": "dpv:Purpose",
            "skos:broader": {"@id": terms["dpv_purpose"]},
            "dct:description": _said(terms),
        },
        "dpv:hasPersonalData": [
            _attribute(attribute, act, terms, named)
            for attribute in terms["attributes"]
            if attribute["no"] in act.attribute_nos
        ],
        "dpv:hasProcessing": [{"@id": "dpv:Retrieve"}, {"@id": "dpv:Use"}, {"@id": "dpv:Store"}],
        "dpv:hasDataSource": [
            {"@id": f"{issuer}/agencies/{code}"} for code in sorted(set(named["sources"].values()))
        ],
        "dpv:hasDataController": {
            "@id": agency,
            "dct:identifier": controller["code"],
            **_titled(controller["name"]),
            "g:dataProtectionOfficer": controller["dpo_contact"],
        },
        "dpv:hasRecipient": [{"@id": agency}, *({"dct:title": other} for other in terms["recipients"])],
        "dpv:hasLegalBasis": {"@id": BASIS[terms["basis"]], "dct:source": terms["article"]},
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": f"P{terms['retention_days']}D"}
            | ({"dct:source": terms["retention_article"]} if terms["retention_article"] else {}),
            {"@type": "dpv:StorageLocation", "dct:identifier": terms["storage_country"]},
        ],
        "g:automatedDecision": terms["automated_decision"],
    }


def _attribute(
    attribute: Mapping[str, Any], act: Act, terms: Mapping[str, Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    by_law = attribute["no"] in act.law_nos
    necessity = "dpv:Required" if by_law or attribute["no"] in terms["required"] else "dpv:Optional"
    source = named["sources"][str(attribute["holder"])]
    described: dict[str, Any] = {
        "@type": ["dpv:PersonalData"],
        "dct:identifier": attribute["name"],
        "g:class": attribute["class"],
        "dpv:hasNecessity": {"@id": necessity},
        "dpv:hasDataSource": {"@id": f"{named['issuer']}/agencies/{source}"},
    }
    if attribute["class"] == "specific":
        described["@type"].append("dpv:SensitivePersonalData")
    if attribute["dpv"]:
        described["skos:broader"] = {"@id": attribute["dpv"]}
    if by_law:
        described["dpv:hasLegalBasis"] = {"@id": BASIS[terms["law_basis"]], "dct:source": terms["law_article"]}
    return described


def _event(act: Act) -> dict[str, Any]:
    event: dict[str, Any] = {
        "@type": STATUS[act.act],
        "g:act": act.act,
        "dpv:isIndicatedAtTime": utc(act.acted_at),
        "dpv:isIndicatedBy": {"@id": "dpv:DataSubject" if act.actor == "self" else f"g:{act.actor}"},
        "dpv:hasIndicationMethod": act.method,
    }
    if act.acr is not None:
        event["g:acr"] = act.acr
    if act.amr:
        event["g:amr"] = list(act.amr)
    if act.reason is not None:
        event["dct:description"] = act.reason
    if act.expires_at is not None:
        event["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "dct:date": utc(act.expires_at)}
    return event


def _said(terms: Mapping[str, Any]) -> str:
    """The purpose's sentence in the language of the notice, or in Indonesian."""
    sentence: Mapping[str, str] = terms["sentence"]
    return sentence.get(terms["language"] or "id") or sentence["id"]


def _titled(name: Any) -> dict[str, Any]:
    """A name, by language where it has several."""
    if isinstance(name, Mapping):
        return {"dct:title": [{"@language": language, "@value": name[language]} for language in sorted(name)]}
    return {"dct:title": name}


def utc(moment: datetime) -> str:
    """To the microsecond, as the database keeps it: one form for one moment."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
