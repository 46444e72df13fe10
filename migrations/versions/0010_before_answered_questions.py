"""What a data provider was answered, so that the same question asked again is the same look. Before the release.

The release before does not know the table; its "may I?" has no memory, as it had none.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

UPGRADE = """
-- What was answered under an X-Request-ID: asked again by the same client within ten minutes it is the same answer and no second look.
-- Writer: idp/evaluation/repeats. Life: inserted in the statement that answers; deleted by the worker when it counts no more.
-- Names no citizen. On Citus distributed by request_digest.
CREATE TABLE idp.answered_questions (
  asking_no       integer       NOT NULL,   -- who asked; idp.clients
  request_digest  bytea         NOT NULL,   -- SHA-256 of the X-Request-ID
  question_digest bytea         NOT NULL,   -- SHA-256 of door and body: another question under the same id is refused
  answered_at     timestamptz   NOT NULL,
  reasons         text[]        NOT NULL,   -- consent.reason of each attribute, in the order of asking; beside each:
  decision_ids    uuid[]        NOT NULL,
  consent_ids     uuid[]        NOT NULL,   -- null where none stands
  ends            timestamptz[] NOT NULL,   -- of that consent
  CONSTRAINT answered_questions_pkey PRIMARY KEY (asking_no, request_digest)
);
CREATE INDEX answered_questions_over ON idp.answered_questions (answered_at);   -- what the worker deletes
GRANT SELECT, INSERT, UPDATE ON idp.answered_questions TO gapura_web;
GRANT DELETE ON idp.answered_questions TO gapura_worker;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE idp.answered_questions")
