"""Values as JSON that every engine can be brought to, the same as packages/delta/test/support/portable.ts makes of our rows:

null and booleans as they are; integers and decimals as text of their digits; floats as their shortest digits with an exponent
(`1.5e+0`, `-0e+0`), `NaN`, `Infinity`, `-Infinity`; dates `YYYY-MM-DD`; timestamps `YYYY-MM-DDTHH:MM:SS.ffffffZ`, without zone without
Z; binary as base64; arrays as arrays; structs as objects in the schema's order; maps as pairs, ordered by the UTF-8 of the key's JSON.
"""

import base64
import datetime
import decimal
import hashlib
import json
import math

import pyarrow as pa

EPOCH = datetime.datetime(1970, 1, 1)
PER_MICROSECOND = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}


def canonical(value):
    """One text per portable value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def rows_of(table):
    """Rows of an Arrow table, as objects of portable values."""
    columns = {name: [portable(value) for value in table.column(name)] for name in table.column_names}
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def checksums(table):
    """By column: how many values are null, and a sum over the values that the order of rows does not change."""
    result = {}
    for name in table.column_names:
        values = [portable(value) for value in table.column(name)]
        total = sum(hash64(canonical(value)) for value in values) % 2**64
        result[name] = {"nulls": sum(value is None for value in values), "sum": f"{total:016x}"}
    return result


def hash64(text):
    """The first 64 bits of the text's MD5."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8], "big")


def portable(scalar):
    """An Arrow scalar as portable JSON."""
    if not scalar.is_valid:
        return None
    kind = scalar.type
    if pa.types.is_dictionary(kind):
        return portable(scalar.value)
    if pa.types.is_timestamp(kind):
        return timestamp_text(scalar.value, kind)
    if pa.types.is_map(kind):
        pairs = [[portable(pair["key"]), portable(pair["value"])] for pair in scalar.values]
        return sorted(pairs, key=lambda pair: canonical(pair[0]).encode())
    if pa.types.is_struct(kind):
        return {kind.field(index).name: portable(scalar[index]) for index in range(kind.num_fields)}
    if pa.types.is_nested(kind):
        return [portable(item) for item in scalar.values]
    value = scalar.as_py()
    if pa.types.is_floating(kind):
        return float_text(value)
    if pa.types.is_decimal(kind):
        return format(value, "f")
    if pa.types.is_integer(kind):
        return str(value)
    if pa.types.is_date(kind):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def timestamp_text(value, kind):
    multiply, divide = PER_MICROSECOND[kind.unit]
    moment = EPOCH + datetime.timedelta(microseconds=value * multiply // divide)
    return moment.isoformat(timespec="microseconds") + ("Z" if kind.tz else "")


def float_text(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    number = decimal.Decimal(repr(value)).normalize()
    digits = "".join(map(str, number.as_tuple().digits))
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{'-' if number.is_signed() else ''}{digits[0]}{fraction}e{number.adjusted():+d}"


def to_arrow(rows, schema):
    """An Arrow table of rows of portable values."""
    columns = [pa.array([native(row.get(field.name), field.type) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def native(value, kind):
    """A portable value as pyarrow takes it for a type."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        return [(native(key, kind.key_type), native(item, kind.item_type)) for key, item in value]
    if pa.types.is_struct(kind):
        return {field.name: native(value.get(field.name), field.type) for field in kind}
    if pa.types.is_nested(kind):
        return [native(item, kind.value_type) for item in value]
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_decimal(kind):
        return decimal.Decimal(value)
    if pa.types.is_date(kind):
        return datetime.date.fromisoformat(value)
    if pa.types.is_timestamp(kind):
        moment = datetime.datetime.fromisoformat(value.removesuffix("Z"))
        return moment.replace(tzinfo=datetime.timezone.utc) if kind.tz else moment
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return base64.b64decode(value)
    return value
