"""A browser without a window that opens many pages at once, and says what was wrong with any of them."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

TABS = 3
PATIENCE = 60_000  # milliseconds: the machine may have other things to do
LEFT = "net::ERR_ABORTED"  # the next page was opened before the mark of this one was there
WIDE, HIGH = 1280, 800
COLOURS = 128  # of a picture, so that it stays small
UNNAMED = " object ("  # how a row calls itself that nobody has given a name
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The administration is opened in Chromium, which is not here. Debian, Ubuntu: apt-get install chromium."
    " Elsewhere, name one: CHROMIUM=/path/to/chromium"
)


@dataclass(frozen=True)
class Visit:
    """An address, what is pressed there, where that leads, and where the picture of it goes, if anywhere."""

    path: str
    picture: Path | None = None
    high: int = HIGH  # pixels of the page that the picture shows
    top: int = 0  # where it begins
    presses: tuple[str, ...] = ()  # selectors of buttons, one after another
    leads_to: str = ""  # another path, where pressing leads to one
    cookies: Mapping[str, str] | None = None  # of somebody else


def program() -> str:
    """Return the browser of this machine. Raises: RuntimeError, with the command that installs one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        raise RuntimeError(MISSING)
    return found


def look(base: str, visits: Sequence[Visit], *, cookies: Mapping[str, str]) -> dict[str, list[str]]:
    """Open every page as whoever the cookies say; return what was wrong, by path: nothing, where all is well.

    In a thread of its own, because the browser's event loop would keep the caller from the database.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_look(base, visits, cookies))).result()


async def _look(base: str, visits: Sequence[Visit], cookies: Mapping[str, str]) -> dict[str, list[str]]:
    wanted = list(reversed([visit for visit in visits if visit.cookies is None]))
    found: dict[str, list[str]] = {}

    async def work(context: BrowserContext) -> None:
        page = await context.new_page()
        while wanted:
            await _visit(page, base, wanted.pop(), found)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
        context = await _context(browser, base, cookies)
        await asyncio.gather(*(work(context) for _ in range(TABS)))
        for visit in visits:
            if visit.cookies is not None:
                other = await _context(browser, base, visit.cookies)
                await _visit(await other.new_page(), base, visit, found)
        await browser.close()
    return found


async def _context(browser: Browser, base: str, cookies: Mapping[str, str]) -> BrowserContext:
    context = await browser.new_context(viewport={"width": WIDE, "height": HIGH}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    await context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
    return context


async def _visit(page: Page, base: str, visit: Visit, found: dict[str, list[str]]) -> None:
    wrong: list[str] = []
    deaf = _listen(page, base, wrong)
    await _open(page, base, visit, wrong)
    deaf()
    if wrong:
        found[visit.path] = wrong


def _listen(page: Page, base: str, wrong: list[str]) -> Any:
    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"console: {message.text}")

    def failed(request: Any) -> None:
        if request.failure != LEFT:
            wrong.append(f"not loaded: {request.url} {request.failure}")

    def asked(request: Any) -> None:
        if not request.url.startswith((base, "data:")):
            wrong.append(f"another host: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} {response.url}")

    def broke(error: Any) -> None:
        wrong.append(f"script: {error}")

    heard = {"console": said, "requestfailed": failed, "request": asked, "response": answered, "pageerror": broke}
    for name, hear in heard.items():
        page.on(name, hear)  # type: ignore[call-overload]
    return lambda: [page.remove_listener(name, hear) for name, hear in heard.items()]


async def _open(page: Page, base: str, visit: Visit, wrong: list[str]) -> None:
    await page.goto(base + visit.path, wait_until="load")
    for button in visit.presses:
        async with page.expect_navigation(wait_until="load"):
            await page.eval_on_selector(button, "button => button.click()")  # also in a menu that is shut
    wanted = visit.leads_to or visit.path
    if urlsplit(page.url).path != urlsplit(wanted).path:
        wrong.append(f"led to {page.url}")
    wide, is_unnamed = await page.evaluate(
        "unnamed => [document.documentElement.scrollWidth, document.body.textContent.includes(unnamed)]", UNNAMED
    )
    if wide > WIDE:
        wrong.append(f"{wide} pixels wide")
    if is_unnamed:
        wrong.append("a row without a name")
    if visit.picture is not None:
        await page.wait_for_timeout(300)
        clip = {"x": 0, "y": visit.top, "width": WIDE, "height": visit.high}
        drawn = await page.screenshot(clip=clip, full_page=True)
        Image.open(BytesIO(drawn)).convert("RGB").quantize(COLOURS).save(visit.picture, optimize=True)
