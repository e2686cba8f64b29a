from commands.command import Command, Grade, Role, command
from commands.desk import Desk


async def greet(desk: Desk, who: str) -> str:
    return f"hello {who}"


GREET = command(
    "GREET", "HI", usage="GREET who", example="GREET Ann", summary="say hello", role=Role.PERSON, grade=Grade.OPEN,
    reads=lambda text, region: text,
)(greet)  # fmt: skip


def test_the_decorator_makes_a_row_and_leaves_the_function_as_it_was() -> None:
    assert isinstance(GREET, Command)
    assert GREET.does is greet
    assert (GREET.verb, GREET.verbs, GREET.takes_text) == ("GREET", ("GREET", "HI"), False)


def test_an_admin_may_what_a_person_may() -> None:
    assert Role.PERSON < Role.ADMIN
