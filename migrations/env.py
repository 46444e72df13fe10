"""How revisions run: each in its own transaction, as the owner, under lock and statement timeouts. The connection is
brought by `idp.schema.upgrade`, which takes a turn, retries on a lock it did not get, and says which mode this is.
"""

from alembic import context

config = context.config
connection = config.attributes["connection"].execution_options(no_parameters=True)  # revisions write % as SQL does
connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS idp")  # the table of versions lies in it
# Whoever comes to a table while a revision waits for it waits behind the revision: so it waits only for as long as
# nobody minds, lets go and comes again (C087).
connection.exec_driver_sql("SET lock_timeout = '300ms'; SET statement_timeout = '5min'")
connection.commit()
context.configure(
    connection=connection,
    version_table="alembic_version",
    version_table_schema="idp",
    transaction_per_migration=True,
    config=config,
)
with context.begin_transaction():
    context.run_migrations()
