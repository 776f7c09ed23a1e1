"""The documents of the running services: a page each, and nothing on it comes from elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from deploy.local.layout import SERVICES
from tests.support.house import House

_LOADED = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)""")
_LOADED_BY_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])(?!data:)([^"')]+)""")


@pytest.mark.parametrize("service", SERVICES)
async def test_given_a_running_service_then_its_documents_need_nothing_from_elsewhere(
    house: House, service: str
) -> None:
    async with httpx.AsyncClient(base_url=house.layout.api(service), timeout=60) as client:
        page = (await client.get("/docs")).raise_for_status()
        described = (await client.get("/openapi.json")).raise_for_status()
        loaded = [urljoin("/docs", path) for path in _LOADED.findall(page.text)]
        assets = {path: (await client.get(path)).raise_for_status() for path in loaded}

    assert described.json()["paths"]
    assert "://" not in page.text + described.text
    assert {urlsplit(path).netloc for path in loaded} == {""}
    assert {path.rpartition(".")[2] for path in loaded} == {"js", "css", "png"}
    assert all(len(asset.content) > 500 for asset in assets.values())
    styles = "".join(asset.text for path, asset in assets.items() if path.endswith(".css"))
    assert _LOADED_BY_CSS.findall(styles) == []
    # The bundle names addresses that it may ask; the browser is told not to let it.
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {
        source for name in ("connect-src", "script-src", "style-src", "img-src") for source in policy[name].split()
    } == {
        "'self'",
        "'unsafe-inline'",
        "data:",
    }
