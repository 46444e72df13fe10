"""One attribute taken back has a clock of its own at the agency. Before the release.

The release before shows the citizen no such clock; at its link the agency answers it, as it does any.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

UPGRADE = """
-- Set: only a part of this consent was taken back, and consent_id is then the id of that act (consent.records.record_id). A consent can
-- lose a part twice, and then end: each has its own clock.
ALTER TABLE idp.withdrawals ADD COLUMN amends_id uuid;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE idp.withdrawals DROP COLUMN amends_id")
