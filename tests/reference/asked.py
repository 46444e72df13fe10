"""What an application may register and ask for."""

from typing import Any

from consent import attributes
from consent import purposes as catalogue
from idp.claims.catalogue import BARE_SCOPES, CLAIMS, SCOPES
from idp.clients.metadata import LANGUAGES, NOT_OFFERED, Refused, _Reader
from idp.clients.profiles import ID_TOKEN_ALGS, RULES, Profile
from tests.reference import code, page, table

HEADS = ("claim", "scope", "attribute", "in Indonesian", "in English", "holder", "class", "ial", "aal", "DPV")


def claims() -> str:
    rows = []
    for claim in CLAIMS.values():
        holder, sensitivity, ial, aal, indonesian, english, dpv = attributes._SEED[claim.attribute]
        rows.append((code(claim.name), code(claim.scope), code(claim.attribute), indonesian, english, holder,
                     sensitivity, ial, aal, dpv or ""))  # fmt: skip
    scopes = [(code(scope), ", ".join(map(code, names))) for scope, names in SCOPES.items()]
    return page(
        "Claims, attributes and scopes",
        "A claim leaves when the attribute that it shows is covered by consent, or by a law that the agreement"
        " names."
        " The assurance is the least that the sign-in must have reached: `ial` of the identity, `aal` of the"
        " authenticators.",
        table(HEADS, rows),
        "`updated_at` comes with the scope `profile`. Add a claim: `../how-to/add-a-claim.md`.",
        "## Scopes",
        table(("scope", "attributes"), scopes),
        f"{' and '.join(map(code, BARE_SCOPES))} ask for no attribute.",
    )


def purposes() -> str:
    rows = [
        (code(name), english, indonesian, days, code(dpv))
        for name, (dpv, days, indonesian, english) in catalogue._SEED.items()
    ]
    bases = [(kind, citation) for kind, citation, _ in catalogue._BASES]
    return page(
        "Purposes and legal bases",
        "A sign-in agreement names one purpose (`sign_in_agreement.purpose`); a consent for it ends after its"
        " days.",
        table(("code", "in English", "in Indonesian", "days", "DPV"), rows),
        "## Legal bases",
        "Attributes under `law` rest on one of these, named in `law_statute` as it is written here.",
        table(("kind", "citation"), bases),
    )


class _Read(dict[str, Any]):
    """Registers what is asked of it: the members that a registration reads."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.members: dict[str, None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        self.members.setdefault(key)
        return super().get(key, default)


WRONG: Any = 7.5  # is right nowhere


def client_metadata() -> str:
    raw = _Read()
    _Reader(raw, RULES[Profile.STANDARD], False).read()
    members = [name for name in raw.members if name not in NOT_OFFERED]
    rows = [(code(name), _said_of(name)) for name in sorted(members)]
    profiles = [
        (
            code(profile),
            *(", ".join(one) for one in (rules.auth_methods, rules.grant_types, rules.response_modes)),
            "required" if rules.pkce_required else "enforced when sent" if rules.signs_in else "",
        )
        for profile, rules in RULES.items()
    ]
    return page(
        "Client metadata",
        "RFC 7591 and OpenID Connect Registration, as `gapura clients add --file` takes it, with three members"
        " of ours:"
        " `agency` (its code), `profile`, and `sign_in_agreement` (`../how-to/register-a-client.md`). Members"
        " that nobody"
        " defined are ignored. What is not offered here is refused: " + ", ".join(map(code, NOT_OFFERED)) + ".",
        table(("member", "what a wrong value is told"), rows),
        f"A name has a language after `#`: {', '.join(code(f'client_name#{one}') for one in LANGUAGES)}. An ID"
        " token is"
        f" signed with {ID_TOKEN_ALGS[0]} where nothing is registered.",
        "## Profiles",
        "The first of each list is what a client gets that names none.",
        table(("profile", "token_endpoint_auth_method", "grant_types", "response modes", "PKCE"), profiles),
    )


def _said_of(member: str) -> str:
    """By the judge itself, in whichever profile it judges this member."""
    for profile in (Profile.STANDARD, Profile.MACHINE):
        reader = _Reader({member: WRONG}, RULES[profile], False)
        outcome = reader.read()
        assert not isinstance(outcome, Refused)
        said = [
            fault.mend
            for fault in reader.faults
            if fault.field == member.partition("#")[0] or fault.field == member
        ]
        if said:
            return said[0]
    raise AssertionError(f"{member} is read and never judged")
