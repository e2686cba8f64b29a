"""The file of tokens: hashes only, replaced as a whole, and refused when it is not what it should be."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

from storage import tokens
from storage.tokens import BadTokens, add, beside, digest, read, remove
from tests.people import NOON


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return beside(tmp_path / "service.db")


def test_without_a_file_there_are_none(file: Path) -> None:
    assert read(file) == ()


def test_a_new_token_is_random_and_only_its_hash_is_kept(file: Path) -> None:
    one, other = add(file, "dispatch", NOON), add(file, "backup", NOON)
    assert one != other
    assert one.startswith("psms_")
    assert len(one) == len("psms_") + 43, "256 bits"
    assert [(each.name, each.sha256, each.created_at) for each in read(file)] == [
        ("dispatch", hashlib.sha256(one.encode()).hexdigest(), NOON),
        ("backup", digest(other), NOON),
    ]
    assert one not in file.read_text()


def test_nobody_else_may_read_the_file_and_nothing_is_left_beside_it(file: Path) -> None:
    add(file, "dispatch", NOON)
    add(file, "backup", NOON)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_removed_token_is_gone_and_its_name_free_again(file: Path) -> None:
    add(file, "dispatch", NOON)
    [before] = read(file)
    remove(file, "dispatch")
    assert read(file) == ()
    add(file, "dispatch", NOON)
    assert read(file)[0].id != before.id, "the uses of the old one are not those of the new"


@pytest.mark.parametrize("name", ["", "two words", "é", "x" * 41, "a/b", "a\nb"])
def test_a_name_that_could_not_be_told_in_one_line_is_refused(file: Path, name: str) -> None:
    with pytest.raises(BadTokens, match="1 to 40 characters"):
        add(file, name, NOON)
    assert not file.exists()


def test_a_name_is_given_once(file: Path) -> None:
    add(file, "dispatch", NOON)
    with pytest.raises(BadTokens, match="already"):
        add(file, "dispatch", NOON)
    with pytest.raises(BadTokens, match="no token called"):
        remove(file, "other")
    assert len(read(file)) == 1
    assert list(file.parent.iterdir()) == [file]


def test_the_number_of_tokens_has_an_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    add(file, "one", NOON)
    add(file, "two", NOON)
    with pytest.raises(BadTokens, match="remove some"):
        add(file, "three", NOON)


def test_two_commands_at_once_do_not_write_over_each_other(file: Path) -> None:
    Path(f"{file}.new").touch()
    with pytest.raises(BadTokens, match="another command"):
        add(file, "dispatch", NOON)
    assert Path(f"{file}.new").exists(), "that one is still at work"


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadTokens, match="cannot be written"):
        add(tmp_path / "no such folder" / "tokens", "dispatch", NOON)


SOUND = {"id": "0" * 12, "name": "x", "sha256": "0" * 64, "created_at": 1}


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b"{}",
        b"\xff",
        b"[1]",
        b"[{}]",
        b"[" * 100_000,
        *[json.dumps([SOUND | change]).encode() for change in (
            {"id": "x"}, {"name": ""}, {"sha256": "0"}, {"created_at": "1"}, {"more": 1}, {"name": 7}, {"sha256": None},
        )],
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_as_a_whole(file: Path, held: bytes) -> None:
    file.write_bytes(held)
    with pytest.raises(BadTokens, match="mend it or move it away"):
        read(file)


def test_a_file_that_cannot_be_read_is_told(file: Path) -> None:
    file.mkdir()
    with pytest.raises(BadTokens, match="cannot be read"):
        read(file)
