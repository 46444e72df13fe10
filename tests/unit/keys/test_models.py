"""The models say of their tables what the database says."""

import pytest
from sqlalchemy import Table, inspect

from idp.database import Database
from keys.models import Base


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_a_model_has_the_columns_of_its_table(owner_database: Database, table: Table) -> None:
    columns = inspect(owner_database.engine).get_columns(table.name, schema="keys")
    found = {column["name"]: column["nullable"] for column in columns}
    mapped = {column.name: column.nullable for column in table.columns}
    assert set(mapped) == set(found)
    if table.name != "token_keys":
        assert mapped == found  # a view's columns may all be null
