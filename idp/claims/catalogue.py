"""Every claim Gapura knows: its name, the scope that asks for it, and the consented attribute it shows. Add a
claim here.

OIDC Core §5.1 and §5.4 for the standard ones; the Indonesian ones each have a scope of the same name. A claim
leaves only when its attribute is covered; `email_verified`, `phone_number_verified` and `updated_at` ride with
what they describe.
"""

from dataclasses import dataclass

PROFILE = (
    "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale",
)  # fmt: skip
INDONESIAN = (
    "nik", "kk_number", "npwp", "bpjs_number", "village", "district", "regency", "province",
    "age_over_17", "age_over_18", "legacy_sub", "previous_sub",
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """`attribute` is the catalogue's name of what the citizen consented to; `scope` the client's shorthand for
    it."""

    name: str
    attribute: str
    scope: str


CLAIMS: dict[str, Claim] = {
    claim.name: claim
    for claim in (
        *(Claim(name, name, "profile") for name in PROFILE),
        Claim("email", "email", "email"),
        Claim("email_verified", "email", "email"),
        Claim("phone_number", "phone_number", "phone"),
        Claim("phone_number_verified", "phone_number", "phone"),
        Claim("address", "address", "address"),
        *(Claim(name, name, name) for name in INDONESIAN),
    )
}
UPDATED_AT = (
    "updated_at"  # of the record that the profile scope shows (OIDC Core §5.1); has no attribute of its own
)

SCOPES: dict[str, tuple[str, ...]] = {
    scope: tuple(dict.fromkeys(claim.attribute for claim in CLAIMS.values() if claim.scope == scope))
    for scope in dict.fromkeys(claim.scope for claim in CLAIMS.values())
}
BARE_SCOPES = ("openid", "offline_access")  # scopes that ask for no attribute
MAY_I = "may_i"  # a data provider's own: it asks before it answers
MACHINE_SCOPES = (MAY_I,)  # of client credentials, where nobody signs in

CLAIMS_OF_ATTRIBUTE: dict[str, tuple[str, ...]] = {
    attribute: tuple(claim.name for claim in CLAIMS.values() if claim.attribute == attribute)
    for attribute in dict.fromkeys(claim.attribute for claim in CLAIMS.values())
}
