"""Takes the README's pictures from a running `carepath up`, in a real Chromium.

.venv/bin/python deploy/pictures.py            # while `make up` runs in another window
"""

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright

from worker.episodes import clinic
from worker.web_ui import EPISODE_COLUMNS, OPEN, TASK_COLUMNS, choose_columns, link

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


async def main() -> None:
    """The worklist, the episodes, one episode's timeline and its progress, and a referral that has travelled."""
    browser_file = shutil.which("chromium")
    if browser_file is None:
        sys.exit("There is no chromium on this machine; install Debian's package chromium.")
    async with clinic() as here:
        web_ui = here.settings.web_ui
        found = [one.id async for one in here.listed(f"CarepathFlags = 'missing' AND {OPEN}")]
        referrals = [
            one.id async for one in here.listed("WorkflowType = 'Referral' AND CarepathStage = 'settling'")
        ]
    if not found or not referrals:
        sys.exit("The example clinic is not there, or its referrals still travel: try again in two minutes.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_file, args=FLAGS)
        for name, query, columns in (
            ("worklist", f"WorkflowType='StaffTask' AND {OPEN}", TASK_COLUMNS),
            ("episodes", f"WorkflowType='CareEpisode' AND {OPEN}", EPISODE_COLUMNS),
        ):
            page = await browser.new_page(viewport={"width": 1500, "height": 900})
            await page.add_init_script(choose_columns(columns))
            await page.goto(link(web_ui, query=query))
            await _taken(page, name)
        page = await browser.new_page(viewport={"width": 1500, "height": 900})
        await page.goto(link(web_ui, found[0]))
        await _taken(page, "episode")
        await page.get_by_text("User Metadata").click()
        await _taken(page, "progress")
        page = await browser.new_page(viewport={"width": 1500, "height": 1000})
        await page.goto(link(web_ui, referrals[0]))
        await _taken(page, "referral")
        await browser.close()


async def _taken(page: Page, name: str) -> None:
    await page.wait_for_timeout(4000)  # the page keeps a connection open: there is no idle moment
    await page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
