"""Takes the README's pictures from a running `carepath up`, in a real Chromium.

.venv/bin/python deploy/pictures.py            # while `make up` runs in another window
"""

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from worker.episodes import clinic
from worker.up import web_ui_link

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


async def main() -> None:
    """The worklist, one episode's timeline, and its progress."""
    browser_file = shutil.which("chromium")
    if browser_file is None:
        sys.exit("There is no chromium on this machine; install Debian's package chromium.")
    async with clinic() as here:
        found = [
            one.id async for one in here.listed("CarepathFlags = 'missing' AND ExecutionStatus = 'Running'")
        ]
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_file, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1500, "height": 950})
        for name, link in (
            ("worklist", web_ui_link(8233, "WorkflowType='StaffTask' AND ExecutionStatus='Running'")),
            ("episode", f"http://127.0.0.1:8233/namespaces/default/workflows/{found[0]}"),
        ):
            await page.goto(link)
            await page.wait_for_timeout(4000)  # the page keeps a connection open: there is no idle moment
            await page.screenshot(path=PICTURES / f"{name}.png")
        await page.get_by_text("User Metadata").click()
        await page.wait_for_timeout(3000)
        await page.screenshot(path=PICTURES / "progress.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
