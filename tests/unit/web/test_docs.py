"""The docs page loads nothing from elsewhere."""

from __future__ import annotations

import re

from fastapi import APIRouter

from tests.support.web import app_of, client_of

_LOADS = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)["']""")


async def test_given_the_docs_page_then_everything_it_loads_is_served_by_us() -> None:
    async with client_of(app_of(APIRouter())) as client:
        page = await client.get("/docs")
        loaded = _LOADS.findall(page.text)
        answers = {url: (await client.get(url)).status_code for url in loaded}
    assert len(loaded) >= 3
    assert all(url.startswith("/") and not url.startswith("//") for url in loaded)
    assert set(answers.values()) == {200}
    assert "://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]
