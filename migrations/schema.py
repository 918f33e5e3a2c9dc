"""What the migrations make, as the database itself describes it, and what deviates from that.

`schema.json` holds the description for both databases; a test makes it anew from the migrations and compares. So an
auditor needs no right to make anything, and runs no migration.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources

from sqlalchemy import Connection, text

_SQLITE = (
    "SELECT type || ' ' || name AS name, coalesce(sql, '') AS made FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
)
_IN_SCHEMA = "n.nspname = current_schema()"
_POSTGRESQL = {
    "table": (
        "SELECT c.relname AS name, c.relkind::text || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END || ' ' || "
        "coalesce(string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || "
        "CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''), "
        "', ' ORDER BY a.attname), '') AS made FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
        f"WHERE {_IN_SCHEMA} AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') GROUP BY c.oid, c.relname, c.relkind, c.relrowsecurity"
    ),
    "constraint": (
        "SELECT c.relname || ' ' || k.conname AS name, pg_get_constraintdef(k.oid) AS made FROM pg_constraint k "
        f"JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_IN_SCHEMA} AND k.contype <> 'n'"
    ),
    "index": "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = current_schema()",
    "trigger": (
        "SELECT c.relname || ' ' || t.tgname AS name, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid) AS made FROM pg_trigger t "
        f"JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_IN_SCHEMA} AND NOT t.tgisinternal"
    ),
    "rule": "SELECT tablename || ' ' || rulename AS name, definition AS made FROM pg_rules WHERE schemaname = current_schema()",
    "function": (
        "SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name, pg_get_functiondef(p.oid) AS made "
        f"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_IN_SCHEMA} AND p.prokind <> 'a'"
    ),
}


def describe(connection: Connection) -> dict[str, str]:
    """Every table, index, trigger and function of the ledger's schema, each with how it is made."""
    if connection.dialect.name == "sqlite":
        return {row.name: _plain(row.made) for row in connection.execute(text(_SQLITE))}
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    return {
        f"{kind} {row.name}": _plain(re.sub(rf'\b"?{re.escape(schema)}"?\.', "", row.made))
        for kind, query in _POSTGRESQL.items()
        for row in connection.execute(text(query))
    }


def _plain(made: str) -> str:
    return " ".join(made.split())


def expected(dialect: str) -> Mapping[str, str]:
    """What the migrations make on a database of this kind."""
    return json.loads(resources.files(__package__).joinpath("schema.json").read_text("utf-8"))[dialect]


def deviations(connection: Connection) -> Iterator[str]:
    """What is missing, too much or otherwise than the migrations make it, in words."""
    there, wanted = describe(connection), expected(connection.dialect.name)
    for name in sorted({*there, *wanted}):
        if name not in there:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is none of the ledger's"
        elif there[name] != wanted[name]:
            yield f"{name} is made otherwise: {there[name][:300]}"
