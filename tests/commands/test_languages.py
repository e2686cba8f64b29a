from importlib import resources

import pytest

from commands import languages, words
from commands.catalogue import CatalogueError
from commands.gsm import Encoding
from storage.number import Number
from tests.commands.room import Room
from tests.people import ADMIN, ALICE, BOB, OTHER_LINE

LANGUAGES = languages.load()
PAIR = f"PAIR {ALICE.e164()} {BOB.e164()}"


def spoken_by(number: str, *wishes: str | None) -> str:
    texts = LANGUAGES.spoken_by(Number(number), *wishes)
    return next(code for code, language in LANGUAGES.known.items() if language.texts is texts)


def test_every_file_is_a_language() -> None:
    files = (resources.files("commands") / "texts").iterdir()
    assert {file.name for file in files} == {f"{code}.toml" for code in LANGUAGES.known}
    assert list(LANGUAGES.known) == ["en", "de", "es", "fr", "zh"]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        # No number begins with a zero after its country code: nobody's, and yet of a country.
        ("+447700900001", "en"), ("+12125550123", "en"), ("+34000000000", "es"), ("+33000000000", "fr"),
        ("+49000000000", "de"), ("+8600000000000", "zh"), ("+41000000000", "en"), ("+32000000000", "en"),
        ("+81000000000", "en"),
    ],
)  # fmt: skip
def test_without_a_choice_the_country_of_the_number_decides_where_it_has_one_language(number: str, code: str) -> None:
    assert spoken_by(number) == code


def test_what_somebody_chose_counts_more_than_the_setting_and_that_more_than_the_country() -> None:
    spaniard = "+34000000000"
    assert spoken_by(spaniard, "de", "fr") == "de"
    assert spoken_by(spaniard, None, "fr") == "fr"
    assert spoken_by(spaniard, None, None) == "es"
    assert spoken_by(spaniard, "xx", None) == "es", "a choice whose file is gone"


def test_no_country_has_two_languages() -> None:
    countries = [country for language in LANGUAGES.known.values() for country in language.countries]
    assert len(countries) == len(set(countries))
    assert not {"CH", "BE", "CA", "LU", "SG", "HK", "TW"} & set(countries)


def test_languages_are_listed_by_names_the_alphabet_can_spell_and_that_can_be_sent_back() -> None:
    assert LANGUAGES.listed(Encoding.GSM) == "English, Deutsch, Español, Francais, ZH"
    assert LANGUAGES.listed(Encoding.UCS2) == "English, Deutsch, Español, Français, 中文"
    for name in LANGUAGES.listed(Encoding.GSM).split(", ") + LANGUAGES.listed(Encoding.UCS2).split(", "):
        asked = words.language_asked(f"#LANG {name}")
        assert asked is not None
        assert asked.code in LANGUAGES.known


def test_the_names_are_whole_where_they_are_told() -> None:
    for language in LANGUAGES.known.values():
        listed = LANGUAGES.listed(language.texts.encoding)
        assert language.texts.cut("languages", listed) == listed


def test_a_file_that_lacks_its_own_name_stops_the_start() -> None:
    with pytest.raises(CatalogueError, match="name"):
        languages._language("xx", {"language": {"countries": []}, "words": {}}, None)


async def test_each_of_two_people_is_texted_in_their_own_language(room: Room) -> None:
    await room.speaks(BOB, "es")
    assert (await room.ask(PAIR)).startswith("Chat 1 ready")
    assert [text for _, text in room.heard()] == [
        "Private SMS: you are connected. Just reply here; your number stays hidden. STOP to opt out.",
        "Private SMS: ya pueden hablar. Solo responda aqui; su numero queda oculto. STOP para no recibir nada.",
    ]
    await room.ask("END 1")
    assert [text.split(":")[1][:12] for _, text in room.heard()] == [" this chat h", " este chat h"]


async def test_an_admin_is_answered_in_the_language_they_chose(room: Room) -> None:
    await room.speaks(ADMIN, "de")
    assert await room.ask("END") == "Kein Chat ist offen, nichts wurde geändert. PAIR öffnet einen."
    assert await room.ask("HELP UNDO") == "UNDO: nimmt Ihren letzten Befehl zurück, binnen 2 Minuten, z.B. UNDO"
    assert (await room.ask("END ALL")).startswith("END ALL: schließt alle offenen Chats; alle erfahren es. Mit OK 4821")
    await room.speaks(ADMIN, "zh")
    assert await room.ask(PAIR) == "Chat 1已开启：*0001+*0002。END 1关闭，2分钟内可UNDO。"
    assert await room.ask("LIST") == "进行中1个：1 *0001+*0002"


async def test_every_answer_to_an_admin_in_any_language_is_one_text(room: Room) -> None:
    from commands import gsm

    for code in LANGUAGES.known:
        await room.speaks(ADMIN, code)
        for asked in (
            "HELP",
            "WHOAMI",
            "STATUS",
            "PAIR x",
            "CHECK 0001",
            "SHOW 1",
            "UNDO",
            "PIAR",
            "ADMIN",
            "FAILED 9",
        ):
            assert gsm.segments(await room.ask(asked)).count == 1, (code, asked)


async def test_a_page_in_chinese_holds_fewer_chats_and_leafing_misses_none(room: Room) -> None:
    room.change(lines=(OTHER_LINE,))
    people = [Number(f"+4477009002{each:02}") for each in range(12)]
    for a, b in zip(people[::2], people[1::2], strict=True):
        await room.ask(f"PAIR {a.e164()} {b.e164()} AS ride{a.e164()[-3:]}")
    listed: dict[str, list[str]] = {}
    for code in ("en", "zh"):
        await room.speaks(ADMIN, code)
        pages = [await room.ask("LIST")]
        while "NEXT" in pages[-1]:
            pages.append(await room.ask("NEXT"))
        listed[code] = pages
    assert len(listed["zh"]) > len(listed["en"])
    for pages in listed.values():
        assert [chat for chat in range(1, 7) if not any(f"{chat} ride" in page for page in pages)] == []


async def test_the_setting_decides_for_whoever_has_chosen_nothing(room: Room) -> None:
    room.change(language="fr")
    await room.speaks(BOB, "en")
    assert (await room.ask(PAIR)).startswith("Chat 1 est pret")
    assert [text[13:17] for _, text in room.heard()] == ["vous", "you "]


async def test_programs_are_told_in_english(room: Room) -> None:
    room.change(language="de")
    async with room.engine.transaction() as tx:
        assert room.desk(tx, admin=None, line=None).text("none_open").startswith("No chat")
    assert room.house.text("none_open").startswith("No chat")
