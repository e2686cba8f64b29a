"""What holds for the whole project: tests mirror the tree, documents tell the truth, nothing private lies about."""

import ast
import re
import subprocess
from pathlib import Path

import phonenumbers
import pytest
from pydantic import SecretStr
from starlette.routing import Route

from bot.__main__ import COMMANDS
from bot.settings import Settings
from commands.table import TABLE
from storage.number import Number

pytestmark = pytest.mark.no_cover  # it reads files, and runs none of them

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "commands", "storage")
MODULES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
# Protocols and exceptions only: whatever implements them is tested.
WITHOUT_TESTS = {Path("storage/engine.py")}


def kept() -> list[Path]:
    """All that is in the repository or would be with the next commit."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


TEXTS = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in kept()
    if b"\0" not in path.read_bytes() and path.name != "constraints.txt"
}
in_each_language = pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])


def parsed(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"))


def test_each_module_has_its_test_file() -> None:
    tested = {each for each in MODULES if each.name != "__init__.py"} - WITHOUT_TESTS
    files = {each: ROOT / "tests" / each.parent / f"test_{each.stem.strip('_')}.py" for each in tested}
    assert [module for module, file in files.items() if not file.exists()] == []


def test_each_mirrored_test_file_has_its_module() -> None:
    for package in PACKAGES:
        for test in (ROOT / "tests" / package).rglob("test_*.py"):
            module = test.relative_to(ROOT / "tests").with_name(test.name.removeprefix("test_"))
            assert module in MODULES or module.with_stem(f"__{module.stem}__") in MODULES, test


def test_no_init_file_lies_among_the_tests() -> None:
    # With one, `import bot` would find the tests.
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_each_module_opens_with_a_line_that_says_what_lives_in_it() -> None:
    opening = {module: (ast.get_docstring(parsed(module)) or "").partition("\n")[0] for module in MODULES}
    assert [module for module, line in opening.items() if not line.endswith((".", "?"))] == []


def test_an_init_file_holds_one_docstring() -> None:
    assert [each for each in MODULES if each.name == "__init__.py" and len(parsed(each).body) != 1] == []


@in_each_language
def test_the_readme_names_every_setting(readme: str) -> None:
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in TEXTS[readme]] == []


@in_each_language
def test_the_readme_names_every_text_command(readme: str) -> None:
    verbs = {verb for command in TABLE for verb in command.verbs}
    assert [verb for verb in verbs if not re.search(rf"`[^`\n]*\b{verb}\b[^`\n]*`", TEXTS[readme])] == []


@in_each_language
def test_the_readme_names_every_command_of_the_program(readme: str) -> None:
    assert [command for command in COMMANDS if f"`python -m bot {command}" not in TEXTS[readme]] == []


@in_each_language
def test_the_readme_names_every_route(readme: str) -> None:
    from bot.app import create_app

    line, admin = Number("+447700900001"), Number("+447700900002")
    settings = Settings(
        vonage_api_key="abcd1234",
        vonage_api_secret=SecretStr("made-up"),
        vonage_number=(line,),
        admin_numbers=(admin,),
        webhook_token=SecretStr("0123456789abcdef"),
    )
    paths = {re.sub(r":\w+}", "}", each.path) for each in create_app(settings).routes if isinstance(each, Route)}
    assert paths
    assert [path for path in sorted(paths) if path.removesuffix("/{token}") not in TEXTS[readme]] == []


@in_each_language
def test_the_documents_name_every_target(readme: str) -> None:
    targets = re.findall(r"^(\w+):.*##", TEXTS["Makefile"], re.MULTILINE)
    assert len(targets) > 10
    assert [each for each in targets if f"make {each}" not in TEXTS[readme] + TEXTS["CONTRIBUTING.md"]] == []


@pytest.mark.parametrize("package", ["pytest", "vonage", "starlette"])
def test_what_is_installed_is_pinned_exactly(package: str) -> None:
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [pin for pin in pins if re.fullmatch(rf"{package}==[\d.]+", pin)]
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", pin) for pin in pins)


FICTIONAL = re.compile(r"\+?(447700900\d{3}|1[2-9]\d{2}55501\d{2})")  # Ofcom's and NANPA's numbers for drama
BARE = re.compile(r"(?<![\w.+-])(44[1-9]\d{9}|1[2-9]\d{2}[2-9]\d{6})(?![\w.-])")  # as they are on Vonage's wire


def numbers_in(text: str) -> list[str]:
    found = [each.number for each in phonenumbers.PhoneNumberMatcher(text, None, phonenumbers.Leniency.VALID)]
    written = [phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.E164) for each in found]
    return written + BARE.findall(text)


def test_only_fictional_numbers_are_written_anywhere() -> None:
    written = [(name, number) for name, text in TEXTS.items() for number in numbers_in(text)]
    assert written
    assert [(name, number) for name, number in written if not FICTIONAL.fullmatch(number)] == []


PRIVATE = re.compile(
    r"/work/|/home/\w|/root/|/Users/\w|file:///|pypi\.|/simple/|BEGIN [A-Z ]*PRIVATE KEY", re.IGNORECASE
)


def test_no_path_of_a_machine_no_registry_and_no_key_is_written_anywhere() -> None:
    searched = {name: text for name, text in TEXTS.items() if name != "tests/test_layout.py"}
    assert len(searched) > 400
    assert [(name, found) for name, text in searched.items() if (found := PRIVATE.findall(text))] == []


def test_the_search_for_numbers_finds_them() -> None:
    real = "+44 20 7946" + " 0018", "44207946" + "0018", "1415" + "2671234"
    assert all(numbers_in(f"call {number}, or not") for number in real)
