"""The receipt of one act of consent: the record whole, and a promise about it (ISO/IEC TS 27560 in the W3C Data
Privacy Vocabulary 2.3, profile dpv-27560). Pure.

It holds the record as it was committed to, the commitment, the log that the leaf goes into and by when it is
there. Its JSON-LD context stands in it, so that nothing is fetched to read or to verify it. What is signed are
its RFC 8785 bytes; they can be made again at any time, so only the signature is kept.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from consent.ledger import entries
from consent.ledger.record_form import PROMISE, utc

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"
TYPE, CONTENT = "consent-receipt+jws", "ld+json"  # `typ` and `cty` of the JWS; the type is ours
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "g": "https://id.gapura.example/ns#",
}


def document(
    record: Mapping[str, Any], *, issuer: str, receipt_id: UUID, commitment: bytes, log: str, signed_at: datetime
) -> dict[str, Any]:
    """The receipt as JSON. `record` is `record_form.document`, `log` the origin of the log."""
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": PROFILE,
        "dct:identifier": str(receipt_id),
        "dpv:hasIdentifier": str(receipt_id),
        "dct:created": utc(signed_at),
        "dct:publisher": issuer,
        "g:commitment": entries.base64url(commitment),
        "g:log": log,
        "g:inLogBy": utc(signed_at + PROMISE),
        "dpv:hasRecordOfActivity": dict(record),
    }
