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

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

TABS = 3
PATIENCE = 120_000  # milliseconds: the machine may have other things to do
LEFT = "net::ERR_ABORTED"  # the next page was opened before the mark of this one was there
WIDE, HIGH = 1280, 800
COLOURS = 128  # of a picture, so that it stays small
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The administration is opened in Chromium, which is not here. Debian, Ubuntu: apt-get install chromium."
    " Elsewhere, name one: CHROMIUM=/path/to/chromium"
)


@dataclass(frozen=True)
class Visit:
    """An address, and where its picture goes, if anywhere."""

    path: str
    picture: Path | None = None
    high: int = HIGH  # pixels of the page that the picture shows
    top: int = 0  # where it begins


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
    wanted, found = list(reversed(visits)), {}

    async def work(browser: Browser) -> None:
        context = await browser.new_context(viewport={"width": WIDE, "height": HIGH}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        await context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
        page, wrong = await context.new_page(), []
        _listen(page, wrong)
        while wanted:
            visit = wanted.pop()
            wrong.clear()
            await _open(page, base, visit, wrong)
            if wrong:
                found[visit.path] = list(wrong)
        await context.close()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=["--no-sandbox", "--disable-gpu"])
        await asyncio.gather(*(work(browser) for _ in range(TABS)))
        await browser.close()
    return found


def _listen(page: Page, wrong: list[str]) -> None:
    def failed(request: Any) -> None:
        if request.failure != LEFT:
            wrong.append(f"not loaded: {request.url} {request.failure}")

    def answered(response: Any) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} {response.url}")

    page.on(
        "console", lambda said: wrong.append(f"console: {said.text}") if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("requestfailed", failed)
    page.on("response", answered)


async def _open(page: Page, base: str, visit: Visit, wrong: list[str]) -> None:
    shown = await page.goto(base + visit.path, wait_until="load")
    if shown is None or page.url.split("?")[0].rstrip("/") != (base + visit.path).split("?")[0].rstrip("/"):
        wrong.append(f"led to {page.url}")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    if wide > WIDE:
        wrong.append(f"{wide} pixels wide")
    if visit.picture is not None:
        await page.wait_for_timeout(300)
        clip = {"x": 0, "y": visit.top, "width": WIDE, "height": visit.high}
        drawn = await page.screenshot(clip=clip, full_page=True)
        Image.open(BytesIO(drawn)).convert("RGB").quantize(COLOURS).save(visit.picture, optimize=True)
