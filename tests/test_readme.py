"""README.md and README.zh.md say the same: section by section, row by row, and the service's texts word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from commands import languages

pytestmark = pytest.mark.no_cover  # it reads files, and runs none of them

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = "README.md", "README.zh.md"
LANGUAGES = {ENGLISH: "en", CHINESE: "zh"}
HAN = re.compile(r"[\u4e00-\u9fff]")
PROSE = {"en": re.compile(r"(?<!\S)[a-z]+ "), "zh": HAN}

FENCE = re.compile(r" *```")
HEADING = re.compile(r"(#+) +(.*)")
COMMENT = re.compile(r"(^|\s+)# .*", re.MULTILINE)  # in the reader's language
ITEM = re.compile(r" *(-|\d+\.) ")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)]*)\)|<(https?:[^>]*)>")
# What an admin says in an example is in the reader's language: `SAY 12 Running late`.
WORDS_OF_AN_ADMIN = re.compile(r"((?:SAY|TELL) \w+) .+")


@dataclass
class Section:
    level: int
    title: str
    prose: list[str] = field(default_factory=list)  # line by line, without tables and code
    rows: list[str] = field(default_factory=list)
    blocks: list[list[str]] = field(default_factory=list)

    @property
    def items(self) -> list[str]:
        return [line for line in self.prose if ITEM.match(line)]


def parse(text: str) -> list[Section]:
    sections: list[Section] = []
    block: list[str] | None = None
    for line in text.splitlines():
        if FENCE.match(line):
            if block is None:
                block = []
                sections[-1].blocks.append(block)
            else:
                block = None
        elif block is not None:
            block.append(line)
        elif heading := HEADING.match(line):
            sections.append(Section(len(heading[1]), heading[2]))
        else:
            (sections[-1].rows if line.startswith("|") else sections[-1].prose).append(line)
    return sections


@cache
def sections(name: str) -> list[Section]:
    return parse((ROOT / name).read_text("utf-8"))


PAIRS = list(zip(sections(ENGLISH), sections(CHINESE), strict=False))  # a test below says when one is missing
by_section = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[english.title for english, _ in PAIRS])
by_file = pytest.mark.parametrize("name", LANGUAGES)


def unlike(english: Section, chinese: Section, said: set[str], same: set[str]) -> list[str]:
    """What only one of the two has, as whoever changed the other is told."""
    return [f"{ENGLISH}, {english.title!r}, lacks {each}" for each in sorted(same - said)] + [
        f"{CHINESE}, {chinese.title!r}, lacks {each}" for each in sorted(said - same)
    ]


# --- What the service sends, as it is quoted ----------------------------------------------------------------------


class Filled(dict[str, str]):
    """What the README's examples have in a text's braces."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


@cache
def texts_of(language: str) -> tuple[str, ...]:
    known = languages.load().known[language].texts
    values = Filled(service="Private SMS", code="4821", time=known.phrases["5 min"], word="PIAR", verb="PAIR")
    return tuple(text.format_map(values) for text in known.own.values())


def is_sent(span: str, language: str) -> bool:
    """Whether it is a text of the service or a part of one, and no name."""
    return PROSE[language].search(span) is not None and any(span in text for text in texts_of(language))


# --- The same in both ---------------------------------------------------------------------------------------------


def names(text: str, language: str) -> set[str]:
    """The settings, commands, paths and values that a piece names."""
    spans = (WORDS_OF_AN_ADMIN.sub(r"\1", span) for span in SPAN.findall(text))
    return {span for span in spans if not is_sent(span, language)}


def targets(text: str) -> set[str]:
    """Where its links lead, other than within the file, whose headings are in its language, and to the other file."""
    found = {target or address for target, address in LINK.findall(text)}
    return {each for each in found if not each.startswith("#")} - {ENGLISH, CHINESE}


def test_both_readmes_have_the_same_sections() -> None:
    levels = [[each.level for each in sections(name)] for name in LANGUAGES]
    titles = zip_longest(*([each.title for each in sections(name)] for name in LANGUAGES))
    assert levels[0] == levels[1], list(titles)


@by_section
@pytest.mark.parametrize("kind", ["rows", "items", "blocks"])
def test_both_readmes_have_as_many_in_each_section(english: Section, chinese: Section, kind: str) -> None:
    said, same = (len(getattr(each, kind)) for each in (english, chinese))
    assert said == same, f"{ENGLISH}, {english.title!r}, has {said} {kind}, and {CHINESE}, {chinese.title!r}, {same}"


@by_section
def test_both_readmes_have_the_same_code_but_for_comments(english: Section, chinese: Section) -> None:
    said, same = ([COMMENT.sub("", "\n".join(block)) for block in each.blocks] for each in (english, chinese))
    assert said == same


@by_section
def test_both_readmes_name_the_same_in_each_row_of_a_table(english: Section, chinese: Section) -> None:
    for row, same in zip(english.rows, chinese.rows, strict=False):
        assert unlike(english, chinese, names(row, "en"), names(same, "zh")) == []


@by_section
def test_both_readmes_name_the_same_in_the_prose_of_a_section(english: Section, chinese: Section) -> None:
    said, same = ("\n".join(each.prose) for each in (english, chinese))
    assert unlike(english, chinese, names(said, "en"), names(same, "zh")) == []


@by_section
def test_both_readmes_link_to_the_same(english: Section, chinese: Section) -> None:
    said, same = ("\n".join(each.prose + each.rows) for each in (english, chinese))
    assert unlike(english, chinese, targets(said), targets(same)) == []


# --- Each of them -------------------------------------------------------------------------------------------------


def anchor(title: str) -> str:
    """As GitHub makes it: in lower case, without punctuation, with hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def linked(name: str) -> Iterator[str]:
    for each in sections(name):
        for target, _ in LINK.findall("\n".join(each.prose + each.rows)):
            yield target


@by_file
def test_each_link_of_a_readme_leads_somewhere(name: str) -> None:
    anchors = {f"#{anchor(each.title)}" for each in sections(name)}
    lost = [
        target
        for target in linked(name)
        if (target not in anchors if target.startswith("#") else "://" not in target and not (ROOT / target).exists())
    ]
    assert lost == []


@by_file
def test_each_readme_opens_with_a_link_to_the_other(name: str) -> None:
    (other,) = LANGUAGES.keys() - {name}
    assert f"]({other})" in "\n".join(sections(name)[0].prose[:2])


@by_file
@pytest.mark.parametrize("key", ["connected", "ended"])
def test_each_readme_shows_what_the_two_people_are_sent_word_for_word(name: str, key: str) -> None:
    text = languages.load().known[LANGUAGES[name]].texts.text(key, service="Private SMS")
    assert [each for each in sections(name) if f"- `{text}`" in each.prose]


def test_the_chinese_readme_quotes_chinese_texts_word_for_word() -> None:
    said = "\n".join(line for each in sections(CHINESE) for line in each.prose + each.rows)
    chinese = [span for span in SPAN.findall(said) if HAN.search(span)]
    assert [
        span
        for span in chinese
        if not is_sent(span, "zh") and not WORDS_OF_AN_ADMIN.fullmatch(span) and not span.startswith("#LANG ")
    ] == []
    assert len(chinese) > 7
