"""A certified OpenID provider from the npm registry (oidc-provider) signs people in here: discovery, PKCE, ES256, the
user endpoint, and a change of its keys. Runs where Node is; the shop calls it over loopback as over the network.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from joserfc.jwk import ECKey

from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.providers import Provider
from tests.agent.scripted import Scripted, says
from tests.browsing import Street
from tests.building import ORIGIN, Clock, build, move_in
from tests.elsewhere import leave, who

HERE = Path(__file__).parent / "provider"
BACK = f"{ORIGIN}/sign-in/with/node/back"
SECRET = "a-secret-of-forty-characters-for-the-test"


@pytest.fixture(scope="session")
def package() -> Path:
    """The provider with its locked packages, installed once for each lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no Node here: the certified provider was not tried")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"countersign-npm-{os.getuid()}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "installed").exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            told = f"npm could not install the certified provider: {done.stderr[-300:]}"
            (pytest.fail if os.environ.get("COUNTERSIGN_CI") == "1" else pytest.skip)(told)
        (folder / "installed").touch()
    shutil.copy(HERE / "server.js", folder / "server.js")
    return folder


@dataclass(frozen=True, slots=True)
class Certified:
    """The provider on its port; :meth:`open` starts it with these keys, the one it signs with first."""

    package: Path
    folder: Path
    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def open(self, *keys: ECKey) -> Iterator[None]:
        written = self.folder / "provider.json"
        known = [key.as_dict(private=True, use="sig", alg="ES256") for key in keys]
        told = {"port": self.port, "clientId": "shop", "clientSecret": SECRET, "redirectUri": BACK, "keys": known}
        written.write_text(json.dumps(told), "utf-8")
        command = ["node", "server.js", str(written)]
        with subprocess.Popen(
            command, cwd=self.package, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                assert any(line.strip() == "open" for line in process.stdout), "the provider did not open"
                yield
            finally:
                process.terminate()

    def allow(self, url: str, name: str) -> str:
        """Sign in and agree on the provider's own pages; the path and query the browser comes back with."""
        with httpx2.Client(follow_redirects=False, timeout=20, trust_env=False) as browser:
            answer = browser.get(url)
            for _ in range(12):
                if answer.status_code in (302, 303):
                    target = urljoin(str(answer.url), answer.headers["location"])
                    if target.startswith(ORIGIN):
                        parts = urlsplit(target)
                        return f"{parts.path}?{parts.query}"
                    answer = browser.get(target)
                    continue
                assert answer.status_code == 200, answer.text[:500]
                action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                assert action, answer.text[:500]
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                form = {"prompt": prompt[1] if prompt else "", "login": name, "password": "anything"}
                answer = browser.post(urljoin(str(answer.url), unescape(action[1])), data=form)
        raise AssertionError("the provider never sent the browser back")


@pytest.fixture
def certified(package: Path, tmp_path: Path) -> Certified:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Certified(package, tmp_path, port)


def test_discovery_sign_in_and_a_change_of_keys(certified: Certified, tmp_path: Path, database_url: str) -> None:
    clock = Clock(datetime.now(UTC))
    provider = Provider("node", "Node", certified.issuer, "shop", SECRET)
    building = build(
        tmp_path,
        database_url=database_url,
        model=Scripted(says("I listen.")),
        calls=Calls.over_the_network(),
        clock=clock,
        sign_in_with=(provider,),
    )
    street = Street.before(move_in(building))
    first, second = (ECKey.generate_key("P-256", auto_kid=True) for _ in range(2))

    def come_in(name: str) -> tuple[Any, str]:
        browser = street.browser()
        back = certified.allow(leave(browser, "node"), name)
        answer = browser.get(back)
        return answer, who(browser)

    with certified.open(first):
        answer, page = come_in("wren")
        assert answer.status_code == 303 and "wren of Node" in page
        answer, page = come_in("wren")
        assert answer.status_code == 303 and "wren of Node" in page
    clock.move(seconds=61)
    with certified.open(second, first):
        answer, page = come_in("wren")
        assert answer.status_code == 303 and "wren of Node" in page, "a key that is new is asked for"
    # A provider that signs with a key it does not publish is not believed, certified or not: the shop knows the second.
    third = ECKey.generate_key("P-256", parameters={"kid": str(second.kid)})
    with certified.open(third):
        answer, page = come_in("wren")
        assert answer.status_code == 422 and page == ""
    building.house.database.close()
