"""When a client's secret was last used: "may I remove the old one?" By the day, once a day and secret. Writer of
`client_secrets.used_on`; the row itself is `registration`'s.
"""

from datetime import date, datetime

from psycopg import Connection

_USED = """
UPDATE idp.client_secrets
   SET used_on = current_date
 WHERE client_no = %(client_no)s::integer
   AND secret_digest = %(secret_digest)s
   AND used_on IS DISTINCT FROM current_date
"""

# What this process has written down already, by the secret's digest: a hop asks its memory and not the database.
_noted: dict[bytes, date] = {}


def note(connection: Connection, client_no: int, secret_digest: bytes, now: datetime) -> None:
    """This secret proves its client now."""
    if _noted.get(secret_digest) != now.date():
        connection.execute(_USED, {"client_no": client_no, "secret_digest": secret_digest})
        _noted[secret_digest] = now.date()
