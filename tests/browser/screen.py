"""What the tests of the page say about it: who is on it, where things are, what can be read."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import pytest
from playwright.async_api import Locator, Page, expect

from tests.emulation import Emulated, Service

LINES = ("+447700900000", "+447700900009")
ADMIN, ALICE, BOB = "+447700900100", "+447700900001", "+447700900002"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
TOUCH: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
IN_BROWSER = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


class OpenPage(Protocol):
    async def __call__(self, url: str, place: str = "", **options: Any) -> Page: ...


async def deliver(emulated: Emulated, to: str, text: str, line: str = LINES[0], expected: str = "0") -> None:
    """The service texts somebody."""
    told = {"api_key": "k", "api_secret": "s", "from": line[1:], "to": to[1:], "text": text, "type": "unicode"}
    async with emulated.http.post(f"{emulated.url}/sms/json", data=told) as response:
        assert (await response.json())["messages"][0]["status"] == expected


async def change(emulated: Emulated, method: str, path: str, **told: object) -> None:
    async with emulated.http.request(method, f"{emulated.url}/{path}", json=told) as response:
        assert response.status < 300, await response.text()


async def ask(emulated: Emulated, path: str) -> Any:
    async with emulated.http.get(f"{emulated.url}/{path}") as response:
        return await response.json()


async def heard(service: Service, count: int = 1) -> list[dict[str, str]]:
    """The texts from phones that reached the service, once there are so many."""

    def texts() -> list[dict[str, str]]:
        return [got.parameters for got in service.got if got.path == "/inbound"]

    async with asyncio.timeout(5), service.arrived:
        await service.arrived.wait_for(lambda: len(texts()) >= count)
    return texts()


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def field(page: Page, name: str) -> Locator:
    return page.get_by_label(f"Text from {name}", exact=True)


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"[data-panel='{name}']")


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="Behind the phones").get_by_role("link", name=name)


def entries(page: Page) -> Locator:
    return panel(page, "wire").locator(".exchange:visible")


async def says(page: Page, name: str, *texts: str) -> None:
    """These are the last texts on that phone."""
    for place, text in enumerate(reversed(texts), start=1):
        await expect(phone(page, name).locator(".words").nth(-place)).to_contain_text(text)


# Texts whose contrast with what is behind them is under 4.5, the WCAG's AA. Colours are read off a canvas,
# because computed ones come in many notations.
FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (colour, below) => {
    canvas.fillStyle = `rgb(${below})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const behind = (element) => {
    if (!element) return over("Canvas", [255, 255, 255]);
    return over(getComputedStyle(element).backgroundColor, behind(element.parentElement));
  };
  const light = (rgb) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const written = [...document.body.querySelectorAll("*")].filter((it) => it.checkVisibility() && hasWords(it));
  return written.flatMap((element) => {
    const ground = behind(element);
    const ink = over(getComputedStyle(element).color, ground);
    const [darker, lighter] = [light(ground), light(ink)].sort((a, b) => a - b);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    return contrast < 4.5 ? [`${element.className || element.localName}: ${contrast.toFixed(2)}`] : [];
  });
}"""

# Controls in sight that have no name, or that Tab passes by.
UNREACHABLE = """() => {
  const controls = "a, button, input, select, textarea, summary, [role=log]";
  const isInSight = (it) => it.checkVisibility({ visibilityProperty: true }) && !it.closest("[inert]") && !it.disabled;
  const labels = (it) => [...(it.labels ?? [])].map((each) => each.textContent).join();
  const nameOf = (it) => it.ariaLabel || labels(it) || it.textContent;
  return [...document.querySelectorAll(controls)]
    .filter((it) => isInSight(it) && (!nameOf(it).trim() || it.tabIndex !== 0))
    .map((it) => it.outerHTML);
}"""
