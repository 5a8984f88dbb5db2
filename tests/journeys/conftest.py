"""A browser for the journeys: skipped where there is none, a failure with `CI=true`."""

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser import chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        try:
            found = await chromium(playwright)
        except FileNotFoundError as missing:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(missing))
        yield found
        await found.close()
