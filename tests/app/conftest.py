"""A house with its hub, and a browser that trusts it; one of each a file."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from hub.bench.browser import Browser, chromium
from tests.app.house import House, house


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as home:
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(home: House) -> AsyncIterator[Browser]:
    async with chromium(home.authority) as browser:
        yield browser
