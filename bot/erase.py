"""`python -m bot erase NUMBER`: a person is removed everywhere, while the service runs or not."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.app import reading_of
from bot.asking import NotDone, WrongNumber, about, ask, person
from bot.settings import BadSettings, Settings, read_settings
from storage import holdings
from storage.engine import InDoubt, StorageError
from storage.errands import BadErrand, Outcome, What
from storage.holdings import Holdings
from storage.number import Number

ENV_FILE = Path(".env")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", help="whom to erase, with + and the country code")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 erased, 1 not, 2 for wrong settings or no number."""
    try:
        settings = read_settings(os.environ, ENV_FILE)
        return asyncio.run(erase(settings, person(arguments.number, settings), sure=arguments.yes))
    except (BadSettings, WrongNumber) as error:
        print(error, file=sys.stderr)
        return 2
    except NotDone as error:
        print(f"Not erased yet: {error}. The errand stays with it: `audit` tells when it is done.", file=sys.stderr)
    except InDoubt as error:
        print(f"Whether they were erased is not known: {error}. Try again: it tells what is left.", file=sys.stderr)
    except (StorageError, BadErrand) as error:
        print(f"Nothing was erased: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. If it was under way already, it is done all the same: see `audit`.", file=sys.stderr)
    return 1


async def erase(settings: Settings, number: Number, *, sure: bool) -> int:
    async with reading_of(settings) as here:
        held, errand = await holdings.count(here, number), about(here, What.ERASE, number)
    if held.nothing:
        kept = " but that they opted out, which stays" if held.opted_out else ""
        print(f"Nothing is held about {number}{kept}. Nothing was changed.", file=sys.stderr)
        return 1
    print(f"About {number} there is:", *told(held), sep="\n  ")
    if held.open_chats:
        print("Open chats end, and the other person is told.")
    if not sure and not _is_sure(number):
        print("Nothing was changed.", file=sys.stderr)
        return 1
    return _say(await ask(settings, errand), number, settings)


def told(held: Holdings) -> Iterator[str]:
    """Line by line what of it there is."""
    if held.chats:
        yield f"chats: {held.chats}, of them open: {held.open_chats}"
    if held.written or held.received:
        yield f"texts they wrote: {held.written}, texts written to them: {held.received}"
    if held.kept:
        yield f"texts that went nowhere, and parts of long ones: {held.kept}"
    if held.traces:
        yield f"other traces, such as counts, blocks, rights and choices: {held.traces}"
    if held.opted_out:
        yield "an opt-out, which stays: without it they might be texted again"


def _is_sure(number: Number) -> bool:
    try:
        typed = input("To erase all of it, type the last four digits of the number: ")
    except EOFError:
        return False
    return typed.strip() == number.tail.removeprefix("*")


def _say(outcome: Outcome, number: Number, settings: Settings) -> int:
    if outcome.failed is not None or outcome.held is None:
        print(f"Nothing was erased: {outcome.failed}", file=sys.stderr)
        return 1
    print(f"Removed of {number}:", *told(outcome.held), sep="\n  ")
    if number in settings.admin_numbers:
        print("They stay an admin: ADMIN_NUMBERS is yours to change.")
    print("Backups made before still hold them: see to it that these are deleted in time.")
    if outcome.rest is not None:
        where = "the database" if settings.on_postgres else "the file"
        print(f"Rests may be in unused bytes of {where} ({outcome.rest}): the service goes on trying.", file=sys.stderr)
        return 1
    return 0
