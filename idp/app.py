"""create_app: one process's parts, its doors and pages, in both shells. Nothing imports this but `wsgi.py`."""

from collections.abc import Callable, Iterable

from flask import Flask

from consent import attributes, purposes
from idp.accounts.password_hashing import PasswordHashing
from idp.accounts.profile import Vault
from idp.clients import registry
from idp.database import Database
from idp.endpoints.citizen import account, applications, consents, disclosures, guide, notifications
from idp.endpoints.protocol import (
    authorize,
    discovery,
    health,
    introspect,
    jwks,
    logout,
    revoke,
    token,
    userinfo,
)
from idp.endpoints.sign_in import consent, login, second_factor
from idp.gate import Gate
from idp.invalidation import Cached, Watch
from idp.settings import Mode, Settings
from idp.web import current, languages, pages, problems, shells
from idp.web.shells import Door, Front
from keys import jwks as key_set
from keys import keyring
from keys.key_store import KeyStore
from keys.pairwise import Pairwise
from keys.sealing import RestSealer, Sealer

HOT = (
    ("/authorize", authorize),
    ("/token", token),
    ("/userinfo", userinfo),
    ("/introspect", introspect),
    ("/revoke", revoke),
    ("/jwks", jwks),
    ("/.well-known/openid-configuration", discovery),
    ("/.well-known/oauth-authorization-server", discovery),
)
PAGES = (
    authorize,
    login,
    logout,
    second_factor,
    consent,
    account,
    applications,
    consents,
    disclosures,
    guide,
    notifications,
    health,
)


def build_gate(settings: Settings, url: str, role: str = "gapura_web") -> Gate:
    """The parts of a process, for the web or (with its role) a worker. Opens no connection before one is asked."""
    database = Database(url, role)
    store = KeyStore.open(settings.key_store, master_key_file=settings.master_key_file)
    rest_sealer = RestSealer(store.master)
    watch = Watch(database)
    everything = role == "gapura_worker"
    ring = Cached(watch, lambda db: keyring.load(db, rest_sealer, everything=everything))
    return Gate(
        settings=settings,
        database=database,
        store=store,
        sealer=Sealer(store.master, settings.issuer, settings.mode),
        rest_sealer=rest_sealer,
        pairwise=Pairwise(store.master),
        vault=Vault(rest_sealer, store.lookup),
        hashing=PasswordHashing(store.pepper),
        watch=watch,
        keyring=ring,
        jwks=Cached(watch, lambda db: key_set.document(keyring.load(db, rest_sealer, everything=everything))),
        registry=Cached(watch, registry.load),
        attributes=Cached(watch, attributes.load),
        purposes=Cached(watch, purposes.load),
        open_states=tuple(settings.open_states),
    )


def create_app(settings: Settings, url: str) -> Callable[..., Iterable[bytes]]:
    """The WSGI application: the thin front, and Flask behind it."""
    gate = build_gate(settings, url)
    gate.watch.start()
    flask_app = create_flask(gate)
    return Front(gate, hot_doors(gate), flask_app)


def hot_doors(gate: Gate) -> list[Door]:
    return [Door(path, module.METHODS, module.door(gate)) for path, module in HOT]


def create_flask(gate: Gate) -> Flask:
    """Flask with every door; it serves all of them alone, too."""
    app = Flask("idp", template_folder="../templates", static_folder=None)
    app.extensions["gapura"] = gate
    current.install(app)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    languages.install(app)
    pages.install(app, gate.issuer)
    problems.install(app)
    app.register_error_handler(current.Elsewhere, lambda way: way.response)
    shells.add_to_flask(app, gate, hot_doors(gate))
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    if gate.settings.mode is not Mode.PRODUCTION:
        _add_demo(app)
    return app


def _add_demo(app: Flask) -> None:
    """The doors of the demo country; its module is not even imported in production (DESIGN §6.10)."""
    from idp.demo import inbox

    app.register_blueprint(inbox.blueprint)
