"""The log for everybody (C2SP tlog-tiles): GET /ledger/checkpoint and /ledger/tile/…, and the keys that sign the
log and the receipts.

Whoever keeps a copy can check for good that nothing in it was changed or dropped. What is answered is public and
tells nothing of anybody: an entry is a salted commitment. Nothing beyond the published checkpoint is answered.
"""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, abort

from consent.ledger import sequencer, tiles
from consent.ledger.edge import TILE_WIDTH
from consent.ledger.verify import Keys
from idp.web import current
from idp.web.pages import FOREVER
from keys import jwks
from keys.rotation import JWKS_MAX_AGE, Role

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")
PLACE = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
CHECKPOINT_SECONDS = 5  # it changes every ten
KEYS_SECONDS = int(JWKS_MAX_AGE.total_seconds())
PLAIN, BYTES, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"


@dataclass(frozen=True)
class Tile:
    """Which tile an address asks for. `level`: None for entries; `width`: 256 for a full one."""

    level: int | None
    tile_no: int
    width: int


def read_place(place: str) -> Tile | None:
    """`0/x001/x234/067.p/7`; None for whatever the standard writes otherwise, so each tile has one address."""
    found = PLACE.fullmatch(place)
    if found is None:
        return None
    level, groups, width = found.groups()
    tile_no = int(groups.replace("/", "").replace("x", ""))
    if _in_groups(tile_no) != groups or int(width or 1) >= TILE_WIDTH:
        return None
    return Tile(None if level == "entries" else int(level), tile_no, int(width or TILE_WIDTH))


def _in_groups(tile_no: int) -> str:
    """Three digits each, all but the last with an x."""
    digits = str(tile_no)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


@blueprint.get("/checkpoint")
def checkpoint() -> Response:
    """The newest signed head of the log. 404 while nothing was ever entered."""
    with current.reading() as db:
        published = tiles.published(db)
    if published is None:
        abort(404)
    return _public(published.note, PLAIN, f"public, max-age={CHECKPOINT_SECONDS}")


@blueprint.get("/tile/<path:place>")
def tile(place: str) -> Response:
    """256 hashes, or entries; with `.p/W` the first W of them. A tile never changes: keep it for ever."""
    asked = read_place(place)
    if asked is None:
        abort(404)
    with current.reading() as db:
        published = tiles.published(db)
        size = 0 if published is None else published.size
        if asked.level is None:
            found = tiles.entry_tile(db, asked.tile_no, asked.width, size)
        else:
            found = tiles.hash_tile(db, asked.level, asked.tile_no, asked.width, size)
    if found is None:
        abort(404)
    return _public(found, BYTES, FOREVER)


@blueprint.get("/keys")
def keys() -> Response:
    """The log's verifier keys in C2SP form, one a line; no compromised one. Compare them with a printed copy."""
    with current.reading() as db:
        origin = sequencer.find_origin(db)
    if origin is None:
        abort(404)
    known = Keys.of(origin, current.gate().keyring.get().history(Role.LEDGER))
    return _public("".join(f"{key}\n" for key in known.good), PLAIN, f"public, max-age={KEYS_SECONDS}")


@blueprint.get("/receipt-keys")
def receipt_keys() -> Response:
    """Every key that ever signed receipts (JWK Set); no compromised one. A receipt is judged by it for good."""
    body = jwks.whole_history(current.gate().keyring.get(), Role.RECEIPTS)
    return _public(body, JSON, f"public, max-age={KEYS_SECONDS}")


def _public(body: bytes | str, media_type: str, kept: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers["Cache-Control"] = kept
    return response
