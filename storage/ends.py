"""The two ends of a copy: a SQLite file, whose schema says what there is to copy, and a PostgreSQL database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from graphlib import TopologicalSorter

from storage.copying import PAGE, Table
from storage.engine import Row
from storage.sqlite import Connection
from storage.visit import Visit

# What only PostgreSQL has, and no copy brings along: rows to lock, which come with the texts, the processes that serve,
# and its own version.
ONLY_POSTGRES = frozenset({"conversation", "line_lease", "process", "schema_version"})


class SQLiteEnd:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def tables(self) -> list[Table]:
        """Each behind those it refers to."""
        names = await self._connection.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        refers = {name: await self._referred(name) for (name,) in names}
        return [await self._table(name) for name in TopologicalSorter(refers).static_order()]

    async def _referred(self, name: str) -> set[str]:
        rows = await self._connection.rows('SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)', name)
        return {other for (other,) in rows}

    async def _table(self, name: str) -> Table:
        rows = await self._connection.rows("SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid", name)
        key = [column for column, _, place in sorted(rows, key=lambda row: row[2]) if place]
        others = [column for column, _, place in rows if not place]
        words = frozenset(column for column, type, _ in rows if type == "TEXT")
        return Table(name, (*key, *others), tuple(key), words)

    async def pages(self, table: Table) -> AsyncIterator[list[Row]]:
        key, width = ", ".join(table.key), len(table.key)
        select = f"SELECT {', '.join(table.columns)} FROM {table.name}"
        beyond = f"WHERE ({key}) > ({', '.join(_places(width))})"
        rows = await self._connection.rows(f"{select} ORDER BY {key} LIMIT {PAGE}")
        while rows:
            yield rows
            rows = await self._connection.rows(f"{select} {beyond} ORDER BY {key} LIMIT {PAGE}", *rows[-1][:width])

    async def is_empty(self, table: Table) -> bool:
        return await self._connection.row(f"SELECT 1 FROM {table.name} LIMIT 1") is None

    async def clear(self, table: Table) -> None:
        await self._connection.run(f"DELETE FROM {table.name}")

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        places = ", ".join(_places(len(table.columns)))
        await self._connection.many(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})", rows)

    async def given_out(self) -> dict[str, int]:
        """Where SQLite does not remember it, it goes by the rows there are."""
        remembered = {name: seq for name, seq in await self._connection.rows("SELECT name, seq FROM sqlite_sequence")}
        for table in await self.tables():
            if table.key == ("id",) and "id" not in table.words:
                [(greatest,)] = await self._connection.rows(f"SELECT max(id) FROM {table.name}")
                remembered[table.name] = max(remembered.get(table.name, 0), greatest or 0)
        return remembered

    async def go_on(self, given_out: Mapping[str, int]) -> None:
        rows = await self._connection.rows("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'")
        wanted = [(name, given_out[name]) for (name,) in rows if given_out.get(name)]
        await self._connection.many("DELETE FROM sqlite_sequence WHERE name = $1", [(name,) for name, _ in wanted])
        await self._connection.many("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", wanted)


class PostgresEnd:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def pages(self, table: Table) -> AsyncIterator[list[Row]]:
        # A cursor, for an index in the order of the bytes there may not be, and each page would be sorted anew.
        order = ", ".join(f'{name} COLLATE "C"' if name in table.words else name for name in table.key)
        select = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {order}"
        await self._visit.run(f"DECLARE copied NO SCROLL CURSOR FOR {select}")
        while rows := await self._visit.rows(f"FETCH {PAGE} FROM copied"):
            yield rows
        await self._visit.run("CLOSE copied")

    async def is_empty(self, table: Table) -> bool:
        return await self._visit.row(f"SELECT 1 FROM {table.name} LIMIT 1") is None

    async def clear(self, table: Table) -> None:
        await self._visit.run(f"DELETE FROM {table.name}")

    async def add(self, table: Table, rows: Sequence[Row]) -> None:
        await self._visit.bring(table.name, table.columns, rows)

    async def given_out(self) -> dict[str, int]:
        found = {}
        for table, sequence in await self._sequences():
            [(last, greatest)] = await self._visit.rows(
                f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END, (SELECT max(id) FROM {table})"
                f" FROM {sequence}"
            )
            found[table] = max(last, greatest or 0)
        return found

    async def go_on(self, given_out: Mapping[str, int]) -> None:
        # Unlike setval, it is undone with the transaction.
        for table, sequence in await self._sequences():
            await self._visit.run(f"ALTER SEQUENCE {sequence} RESTART WITH {int(given_out.get(table, 0)) + 1}")

    async def _sequences(self) -> list[Row]:
        return await self._visit.rows(
            "SELECT table_name::text, pg_get_serial_sequence(quote_ident(table_name), column_name)"
            " FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
            " ORDER BY table_name"
        )


def _places(count: int) -> list[str]:
    return [f"${place + 1}" for place in range(count)]
