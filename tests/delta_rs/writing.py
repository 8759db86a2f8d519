"""Commands that write a table. Each is one commit; those that make rows take them with their Delta schema."""

import json

import pyarrow as pa
from deltalake import DeltaTable, Field, Schema, TableFeatures, write_deltalake

from portable import to_arrow


def create(table, schema, partition_by=None, configuration=None, name=None, description=None):
    """An empty table."""
    DeltaTable.create(
        table,
        _schema(schema),
        partition_by=partition_by or [],
        configuration=configuration,
        name=name,
        description=description,
    )


def write(table, rows, schema, mode="append", partition_by=None, configuration=None, predicate=None, schema_mode=None):
    """Appends rows, or overwrites those that `predicate` names, by default all."""
    write_deltalake(
        table,
        _rows(rows, schema),
        mode=mode,
        partition_by=partition_by,
        configuration=configuration,
        predicate=predicate,
        schema_mode=schema_mode,
    )


def merge(table, rows, schema, predicate):
    """Rows of the source `s` replace those of the target `t` that `predicate` matches; the others are inserted."""
    merger = DeltaTable(table).merge(_rows(rows, schema), predicate, source_alias="s", target_alias="t")
    return merger.when_matched_update_all().when_not_matched_insert_all().execute()


def delete(table, predicate=None):
    return DeltaTable(table).delete(predicate)


def update(table, updates, predicate=None):
    return DeltaTable(table).update(updates, predicate=predicate)


def optimize(table, z_order_by=None):
    optimizer = DeltaTable(table).optimize
    return optimizer.z_order(z_order_by) if z_order_by else optimizer.compact()


def vacuum(table):
    """Removes every file that the latest version does not name."""
    return DeltaTable(table).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)


def checkpoint(table):
    DeltaTable(table).create_checkpoint()


def restore(table, version):
    return DeltaTable(table).restore(version)


def add_columns(table, fields):
    DeltaTable(table).alter.add_columns([Field.from_json(json.dumps(field)) for field in fields])


def add_constraints(table, constraints):
    """One commit for each."""
    for name, condition in constraints.items():
        DeltaTable(table).alter.add_constraint({name: condition})


def drop_constraint(table, name):
    DeltaTable(table).alter.drop_constraint(name)


def set_properties(table, properties):
    DeltaTable(table).alter.set_table_properties(properties)


def add_feature(table, feature):
    """A feature by its name in Python, e.g. `DeletionVectors`."""
    DeltaTable(table).alter.add_feature(getattr(TableFeatures, feature), allow_protocol_versions_increase=True)


def append_many(table, rows, schema):
    """Appends each row in a commit of its own; a commit that lost its version to another writer is repeated by the library."""
    for row in rows:
        write_deltalake(table, _rows([row], schema), mode="append")


def _schema(schema):
    return Schema.from_json(json.dumps(schema))


def _rows(rows, schema):
    return to_arrow(rows, pa.schema(_schema(schema).to_arrow()))
