"""The value of each claim for one citizen, from the opened profile. What is not on record is absent, never made
up.

OIDC Core §5.1: `address` is an object, `birthdate` is YYYY-MM-DD, `*_verified` are booleans, `updated_at` a
number. Names leave exactly as registered; a surname exists only where the holder's register has one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from idp.accounts.profile import Value
from idp.claims.catalogue import CLAIMS_OF_ATTRIBUTE, PROFILE, UPDATED_AT


def of_attributes(names: Iterable[str], profile: Mapping[str, Value], updated_at: datetime) -> dict[str, Any]:
    """Claims of these attributes that have a value. Nothing empty or null is among them (protocol.md §3.5)."""
    claims: dict[str, Any] = {}
    for attribute in names:
        for claim in CLAIMS_OF_ATTRIBUTE.get(attribute, ()):
            entry = profile.get(claim)
            if entry is not None and entry.value not in (None, "", {}, []):
                claims[claim] = entry.value
    if not claims.keys().isdisjoint(PROFILE):
        claims[UPDATED_AT] = int(updated_at.timestamp())
    return claims
