"""The keys: made once, kept private, added to, and never guessed at when they are missing or broken."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from storage import keys
from storage.keys import BadKeys, KeyFile, Keyring, KeySetting

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    file = KeyFile.beside(tmp_path / "sms.db")
    file.load(may_make=True)
    return file


def test_a_file_is_made_where_nothing_is_sealed_yet(file: KeyFile, tmp_path: Path) -> None:
    assert file.path == tmp_path / "sms.db.key"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert len(keys.parse(file.path.read_text())) == 1


def test_no_two_files_are_alike(tmp_path: Path) -> None:
    one, other = (KeyFile(tmp_path / name).load(may_make=True) for name in "ab")
    assert one.index != other.index
    assert one.current.sealing != other.current.sealing


def test_a_missing_file_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(BadKeys, match=r"sms\.db\.key is missing.*put the file back"):
        KeyFile(tmp_path / "sms.db.key").load(may_make=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ("# nothing but words", "no key in it"),
        (OLD[:-8], "key 1 is not 32 bytes in base64"),
        (f"{OLD}\n!!!", "key 2 is not 32 bytes in base64"),
        (f"{OLD},{OLD}", "a key is there twice"),
    ],
)
def test_a_file_that_is_none_is_told_without_a_word_of_it(file: KeyFile, held: str, why: str) -> None:
    file.path.write_text(held)
    with pytest.raises(BadKeys, match=why) as caught:
        file.load(may_make=True)
    assert OLD[:8] not in str(caught.value)


def test_a_file_of_other_letters_is_told(file: KeyFile) -> None:
    file.path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadKeys, match="not UTF-8"):
        file.load(may_make=False)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadKeys, match="cannot be read"):
        KeyFile(tmp_path).load(may_make=False)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadKeys, match="cannot be written"):
        KeyFile(tmp_path / "nowhere" / "sms.db.key").load(may_make=True)


def test_another_key_seals_and_the_older_ones_stay(file: KeyFile) -> None:
    [older] = file.load(may_make=False).keys
    assert file.changed() is None
    file.add()
    keyring = file.changed()
    assert keyring is not None
    assert keyring.keys[0] == older
    assert keyring.current != older
    assert file.changed() is None
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_what_makes_the_hashes_stays_whatever_is_added() -> None:
    assert Keyring.of(keys.parse(OLD)).index == Keyring.of(keys.parse(f"{OLD},{NEW}")).index


def test_a_draft_of_a_process_that_was_killed_is_in_nobodys_way(file: KeyFile) -> None:
    draft = file.path.with_name("sms.db.key.new")
    draft.write_text("half")
    file.add()
    assert not draft.exists()
    assert len(file.load(may_make=False).keys) == 2


@pytest.mark.parametrize(
    "written", [f"{OLD},{NEW}", f"{OLD}\n{NEW}\n", f"# old\n{OLD}  # new:\n {NEW}", f"{OLD}, {NEW}"]
)
def test_keys_may_be_written_in_a_line_or_in_lines(written: str) -> None:
    assert keys.parse(written.format(OLD, NEW)) == [b"o" * 32, b"n" * 32]


def test_letters_of_addresses_are_as_good() -> None:
    secret = bytes(range(224, 256))
    assert keys.parse(base64.urlsafe_b64encode(secret).decode()) == [secret]


def test_keys_of_the_settings_change_with_a_restart_only() -> None:
    setting = KeySetting(f"{OLD},{NEW}")
    assert setting.load(may_make=False) == Keyring.of(keys.parse(f"{OLD},{NEW}"))
    assert setting.changed() is None


def test_keys_show_themselves_nowhere() -> None:
    shown = repr(Keyring.of([b"o" * 32]))
    assert "index" not in shown
    assert "sealing" not in shown
