"""Every command there is. A new one is one module, one name here, one test file."""

from __future__ import annotations

from typing import Any

from commands.admin import admin_add, admin_list, admin_remove
from commands.block import block, unblock
from commands.check import check
from commands.command import Command
from commands.confirm import confirm_of
from commands.end import end, end_all
from commands.extend import extend
from commands.failed import dismiss, dismiss_all, failed, resend, resend_all
from commands.guard import guard
from commands.help import help_about
from commands.listing import list_chats, next_page
from commands.pair import pair
from commands.reopen import reopen
from commands.resume import resume
from commands.say import say, tell
from commands.show import show
from commands.status import status
from commands.undo import undo
from commands.whoami import whoami

ROWS: tuple[Command[Any], ...] = (
    pair,
    end,
    end_all,
    reopen,
    resume,
    extend,
    guard,
    undo,
    list_chats,
    next_page,
    show,
    say,
    tell,
    block,
    unblock,
    check,
    status,
    failed,
    resend,
    resend_all,
    dismiss,
    dismiss_all,
    admin_list,
    admin_add,
    admin_remove,
    whoami,
)

CONFIRMED = (*ROWS, confirm_of(ROWS))
TABLE: tuple[Command[Any], ...] = (*CONFIRMED, help_about(CONFIRMED))
