"""Values that work once: the `jti` of client assertions and, later, of DPoP proofs. The one writer of
`idp.used_once`.

The partition is chosen by the end that is signed into the value itself, so the same bytes always meet the same
index; an old `jti` under a new signature meets the NOT EXISTS (hotpath statement 12).
"""

import hashlib
from datetime import datetime

from psycopg import Connection

_USE_ONCE = """
INSERT INTO idp.used_once (value_digest, expires_at)
SELECT %(value_digest)s, %(expires_at)s
 WHERE NOT EXISTS (SELECT FROM idp.used_once AS u
                    WHERE u.value_digest = %(value_digest)s AND u.expires_at <> %(expires_at)s)
ON CONFLICT (value_digest, expires_at) DO NOTHING
RETURNING true
"""


def first_use(connection: Connection, use: str, owner: str, value: str, expires_at: datetime) -> bool:
    """Whether this value of this owner is new. `expires_at`: the end signed into it, and the skew on top."""
    digest = hashlib.sha256(f"{use}\x00{owner}\x00{value}".encode()).digest()
    row = connection.execute(_USE_ONCE, {"value_digest": digest, "expires_at": expires_at}).fetchone()
    return row is not None
