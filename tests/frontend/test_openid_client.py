"""A certified client from the npm registry, openid-client, completes the flows against a running shop.

It needs Node and npm; where one is missing, or the package can't be fetched, the test says so and is not run.
"""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import sessions
from auth.sign_in.visit import Visit
from frontend.app import create_app
from tests.building import Building, build, move_in
from tests.software import BACK, add_program

NPM = Path(__file__).resolve().parents[1] / "npm"


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script and the locked packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node or npm is not here: no certified client was tried")
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "openid_client.mjs"):
        shutil.copy(NPM / name, folder / name)
    fetched = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, timeout=120)
    if fetched.returncode:
        pytest.skip("npm could not fetch openid-client: no certified client was tried")
    return folder


@pytest.fixture
def running(tmp_path: Path, database_url: str) -> Iterator[tuple[Building, FastAPI]]:
    """A shop that listens on loopback, at the present time, because the client looks at its own clock."""
    listening = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    building = build(tmp_path, database_url=database_url, origin=origin)
    building.clock.now = datetime.now(UTC)
    app = create_app(move_in(building).settings, building.house, chores=False)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield building, app
    server.should_exit = True
    thread.join(10)


def test_openid_client_walks_through_every_flow(running: tuple[Building, FastAPI], node_folder: Path) -> None:
    building, app = running
    added, origin = add_program(building), building.settings.origin
    walk = subprocess.Popen(
        ["node", "openid_client.mjs", origin, "pocket-pine", added.secret, BACK],
        cwd=node_folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert walk.stdin is not None and walk.stdout is not None
    asked = walk.stdout.readline().strip()
    assert asked.startswith(f"{origin}/oauth/authorize?"), walk.communicate(timeout=20)
    out, error = walk.communicate(_agreed(building, app, urlsplit(asked).query) + "\n", timeout=60)
    assert walk.returncode == 0, error
    assert json.loads(out) == {
        "name": "Ada Zephyrwick",
        "renewed": True,
        "active": True,
        "exchanged": "orders:read",
        "activeAfterwards": False,
        "refused": "invalid_grant",
    }


def _agreed(building: Building, app: FastAPI, query: str) -> str:
    """Ada says yes in her browser; where she is sent back to."""
    house, origin, ada = building.house, building.settings.origin, building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        account = session.get_one(Account, ada.id)
        life, now = house.entrance.life, building.clock()
        started = sessions.start(session, house.vault, account, life=life, visit=Visit(), now=now, amr="pwd")
    ours = {"Origin": origin, "Sec-Fetch-Site": "same-origin", "Cookie": f"countersign={started.token}"}
    # Not entered: the app's lifespan belongs to the server that listens.
    browser = TestClient(app, base_url=origin, follow_redirects=False, headers=ours)
    scopes = ("profile", "email", "offline_access", "orders:read")
    form = urlencode([("asked", query), ("decision", "yes"), *(("scope", scope) for scope in scopes)])
    answer = browser.post(
        "/oauth/authorize", content=form, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 303, answer.text[:400]
    url: str = answer.headers["location"]
    return url
