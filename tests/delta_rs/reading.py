"""Commands that read a table."""

import json

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, QueryBuilder

from portable import checksums, native, rows_of


def read(table, version=None):
    """All rows of a version."""
    return rows_of(_scan(DeltaTable(table, version=version)))


def summary(table, version=None):
    """Number of rows, and for each column the number of nulls and a checksum."""
    opened = DeltaTable(table, version=version)
    rows = _scan(opened)
    return {"rows": rows.num_rows, "counted": opened.count(), "columns": checksums(rows)}


def history(table):
    """Versions and operations, newest first."""
    return [{"version": entry["version"], "operation": entry["operation"]} for entry in DeltaTable(table).history()]


def describe(table):
    """The latest version with its schema and properties."""
    opened = DeltaTable(table)
    return {
        "version": opened.version(),
        "schema": json.loads(opened.schema().to_json()),
        "configuration": opened.metadata().configuration,
    }


def changes(table, start=0, end=None):
    """The change data feed of versions, without the times of commits."""
    reader = DeltaTable(table).load_cdf(starting_version=start, ending_version=end)
    return rows_of(pa.table(reader.read_all()).drop_columns(["_commit_timestamp"]))


def matches(table, comparisons):
    """How many rows satisfy each comparison `{column, operator, value}`: by two engines, with files pruned by their statistics and
    without; and how many files the log's statistics leave."""
    opened = DeltaTable(table)
    dataset = opened.to_pyarrow_dataset()
    query = QueryBuilder().register("t", opened)

    def count(sql):
        return pa.table(query.execute(sql).read_all()).column(0)[0].as_py() or 0

    def match(column, operator, value):
        kind = dataset.schema.field(column).type
        expression = _compare(operator, column, pa.scalar(native(value, kind), kind))
        condition = f'"{column}" {operator} {_literal(value, kind)}'
        return {
            "arrow": [
                dataset.count_rows(filter=expression),
                dataset.to_table(columns=[column]).filter(expression).num_rows,
            ],
            "datafusion": [
                count(f"SELECT count(*) AS n FROM t WHERE {condition}"),
                count(f"SELECT sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n FROM t"),
            ],
            "files": len(opened.file_uris(file_pruning_predicate=condition)),
        }

    return [match(**comparison) for comparison in comparisons]


def _scan(opened):
    return pa.table(opened.scan().read_all())


def _compare(operator, column, value):
    field = pc.field(column)
    return {
        "=": field == value,
        "!=": field != value,
        "<": field < value,
        "<=": field <= value,
        ">": field > value,
        ">=": field >= value,
    }[operator]


def _literal(value, kind):
    """SQL for a portable value."""
    if pa.types.is_boolean(kind):
        return str(value).lower()
    quoted = "'" + str(value).replace("'", "''") + "'"
    if pa.types.is_timestamp(kind):
        zone = "Some(\"UTC\")" if kind.tz else "None"
        return f"arrow_cast({quoted}, 'Timestamp(Microsecond, {zone})')"
    if pa.types.is_decimal(kind):
        return f"arrow_cast({quoted}, 'Decimal128({kind.precision}, {kind.scale})')"
    if pa.types.is_date(kind):
        return f"arrow_cast({quoted}, 'Date32')"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        names = {"float": "Float32", "double": "Float64"}
        return f"arrow_cast({quoted}, '{names.get(str(kind), str(kind).capitalize())}')"
    return quoted
