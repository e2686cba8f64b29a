"""HELP: what can be asked, taken from the commands' own rows."""

from __future__ import annotations

from typing import Any

from commands import arguments
from commands.arguments import Unfit
from commands.command import Command, Grade, Role, command
from commands.desk import Desk
from commands.grammar import Table, verbs

Row = Command[Any]


def help_about(table: Table) -> Command[Row | None]:
    """The row of HELP for these commands."""

    def reads(text: str, region: str | None) -> Row | None:
        said = [word.upper() for word in arguments.words(text)]
        if not said:
            return None
        if (row := verbs(table).get(" ".join(said))) is None:
            # `help me` is no question to us.
            raise Unfit("no_such_verb", word=" ".join(said))
        return row

    @command(
        "HELP",
        "INFO",
        usage="HELP [verb]",
        example="HELP PAIR",
        summary="what I can do",
        role=Role.ADMIN,
        grade=Grade.OPEN,
        reads=reads,
    )
    async def explain(desk: Desk, row: Row | None) -> str:
        if row is None:
            return desk.text("help_admin", verbs=" ".join(row.verb for row in table if " " not in row.verb))
        about = {"usage": row.usage, "summary": desk.summary(row), "example": row.example}
        if len(row.verbs) > 1:
            return desk.text("help_verb_also", **about, verb=row.verbs[1])
        return desk.text("help_verb", **about)

    return explain
