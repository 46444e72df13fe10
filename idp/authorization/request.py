"""The validated authorization request as a plain value, and what of a sent one counts."""

from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from idp.accounts.assurance import Asked
from idp.exchange import Parameters

# Every parameter that a rule of `validation` reads; all others are ignored.
READ = frozenset(
    """acr_values claims client_id code_challenge code_challenge_method id_token_hint login_hint max_age nonce
    prompt redirect_uri request request_uri response_mode response_type scope state ui_locales""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class AuthorizationRequest:
    """Parameters of OIDC Core §3.1.2.1 after validation: the address is proven, the scope reduced to what is
    registered.

    `userinfo_nos` and `id_token_nos` are attribute numbers asked for either place. `citizen_id` is who must be
    signed in (`id_token_hint` or `claims`); nil where the client named nobody of ours.
    """

    client_id: str
    redirect_uri: str
    scope: str
    userinfo_nos: tuple[int, ...] = ()
    id_token_nos: tuple[int, ...] = ()
    response_mode: str = "query"
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr: Asked = field(default_factory=Asked)
    citizen_id: UUID | None = None

    @property
    def asked_nos(self) -> frozenset[int]:
        return frozenset(self.userinfo_nos) | frozenset(self.id_token_nos)


def encoded(parameters: Parameters) -> str:
    """The query that reads as these parameters."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.pairs)


def what_counts(query: str) -> str:
    """The same request without the parameters that nobody reads."""
    parameters = Parameters(query)
    parameters.pairs = [(name, value) for name, value in parameters.pairs if name in READ]
    return encoded(parameters)
