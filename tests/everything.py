"""A row or more in each table there is, with values that a copy could get wrong."""

from __future__ import annotations

from collections.abc import Mapping

from storage.engine import Transaction

GREATEST = 2**63 - 1
TIMES: dict[str, object] = {"created_at": 1, "changed_at": -2}
OUTBOUND: dict[str, object] = {
    "line": "+447700900000",
    "recipient": "a",
    "recipient_sealed": b"",
    "kind": "notice",
    "state": "queued",
}
ROWS: Mapping[str, list[dict[str, object]]] = {
    "chat": [
        {
            "id": 7,
            "label": "jöb 7",
            "open": 1,
            "opened_by": "api",
            "opened_at": 0,
            "active_at": GREATEST,
            "guard": "warn",
        },
        {"id": 3, "label": "", "open": 0, "opened_by": "", "opened_at": 0, "active_at": 0, "closed_at": 0},
    ],
    "participant": [
        {
            "chat": chat,
            "side": side,
            "number": f"{side}{chat}",
            "sealed": b"\0\xff",
            "tail": "t",
            "line": "l",
            "open": open,
        }
        for chat, open in ((7, 1), (3, 0))
        for side in "BA"
    ],
    "line_use": [{"number": each, "line": "l", "ended_at": 5} for each in ("a", "B", "_", "-", "é", "Z", "0")],
    # Sorted by their bytes, and otherwise by the rules of a language.
    "seen": [{"message_id": each, "received_at": 5} for each in ("a", "B", "_", "-", "é", "Z", "0", "aB", "Ab", "😀")],
    "kept": [
        {
            "id": 9,
            "message_id": "m",
            "sender": "",
            "line": "l",
            "text": b"",
            "stamped_at": 1,
            "received_at": 1,
            "reason": "r",
        },
        {
            "id": 2,
            "message_id": "m",
            "sender": "",
            "line": "l",
            "text": None,
            "stamped_at": 1,
            "received_at": 1,
            "reason": "r",
        },
    ],
    "gathering": [
        {"id": 4, "sender": "s", "sealed": b"s", "line": "l", "ref": "r", "total": 2, "started_at": 1, "stamped_at": 1}
    ],
    "gathered_part": [
        {"gathering": 4, "position": each, "message_id": f"p{each}", "text": None} for each in (2, 10, 1)
    ],
    "outbound": [
        OUTBOUND | TIMES | {"id": 12, "client_ref": "r12", "text": b"words" * 1000, "chat": 7},
        OUTBOUND | TIMES | {"id": 2, "client_ref": "r2", "text": None, "reason": "why\nnot\t'\"\\", "attempt": 3},
    ],
    "sent_part": [
        {"message_id": "id", "outbound": 12, "status": "delivered", "rank": 3, "err_code": None, "changed_at": 1}
    ],
    "orphan_receipt": [{"message_id": "id", "status": "failed", "rank": 3, "received_at": 1}],
    "opt_out": [{"number": "a", "at": 1, "source": "text"}],
    "language": [{"number": "a", "language": "zh", "at": 1}],
    "told": [{"number": "a", "what": each, "at": 1} for each in ("stranger", "STOP")],
    "pending_code": [{"admin": "a", "line": "l", "command": b"c", "code_hash": b"h", "expires_at": 1}],
    "list_page": [{"admin": "a", "after": 1, "turned_at": 1}],
    "pulse": [{"id": 1, "at": 1}],
    "admin": [{"number": "a", "sealed": b"s", "added_by": "b", "added_at": 1}],
    "block": [{"number": "a", "sealed": b"s", "tail": "t", "blocked_by": "b", "blocked_at": 1, "until": GREATEST}],
    "code_event": [{"id": 5, "admin": "a", "what": "wrong", "at": 1}],
    "code_lock": [{"admin": "a", "until": 1}],
    "authenticator_step": [{"admin": "a", "step": 1}],
    "undoable": [{"id": 6, "admin": "a", "what": "PAIR", "chat": 7, "at": 1}],
    "audit": [{"id": 8, "at": 1, "kind": "act", "who": "*0001", "what": "END", "outcome": "done"}],
    "sender_day": [{"day": day, "number": "a", "texts": 1, "held": 0, "answers": 0} for day in (100, 20)],
    "spent_day": [{"day": 100, "texts": 1, "money": GREATEST}],
    "api_token": [{"id": "a" * 12, "name": "dispatch", "used_at": None}],
    "retention": [{"what": "texts", "through": 1}],
}


async def fill(tx: Transaction) -> None:
    for table, rows in ROWS.items():
        for row in rows:
            places = ", ".join(f"${place + 1}" for place in range(len(row)))
            await tx.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
