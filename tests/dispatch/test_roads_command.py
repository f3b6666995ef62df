"""`manage.py roads` on this machine: with stand-in programs, and with the real ones where they are."""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command

from dispatch.engine.travel import Point
from dispatch.roads import (
    ATTRIBUTION,
    NoProgramsError,
    NotPreparedError,
    Programs,
    RoadServerError,
    find_programs,
    osrm_child,
    read_prepared,
    travel_times,
)
from dispatch.roads.breaker import forget_breakers
from dispatch.roads.programs import Kind
from tests.dispatch.osrm_actor import playing
from tests.dispatch.test_roads_extract import box_field, pbf

pytestmark = pytest.mark.enable_socket  # loopback only

GENEVA = Path("/work/shared/data/roads/geneva.osm.pbf")
WHEEL = Path(settings.BASE_DIR) / "var/osrm"

EXTRACT_PROGRAM = """\
#!/bin/sh
test "$1" = --version && { echo v1; exit 0; }
for last; do :; done
echo "$@" > "$(dirname "$last")/roads.osrm.args"
"""
CONTRACT_PROGRAM = """\
#!/bin/sh
touch "$1.hsgr"
"""
ROUTED_PROGRAM = """\
#!/bin/sh
test "$1" = --version && { echo v1; exit 0; }
echo "[error] the files do not fit"; exit 1
"""


ANSWERING_PROGRAM = f"""\
#!{sys.executable}
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

if sys.argv[1] != "--version":
    port = int(sys.argv[sys.argv.index("--port") + 1])
    HTTPServer(("127.0.0.1", port), Answer).serve_forever()
print("v1")
"""


def program_folder(tmp_path: Path, **replaced: str) -> Path:
    """The layout of the wheel with shell scripts inside: the real finding, starting and reading of logs."""
    texts = {"extract": EXTRACT_PROGRAM, "contract": CONTRACT_PROGRAM, "routed": ROUTED_PROGRAM}
    folder = tmp_path / "wheel/osrm/bin"
    folder.mkdir(parents=True)
    for name, text in (texts | replaced).items():
        (folder / f"osrm-{name}").write_text(text)
        (folder / f"osrm-{name}").chmod(0o755)
    profiles = tmp_path / "wheel/osrm/share/profiles"
    profiles.mkdir(parents=True)
    (profiles / "car.lua").write_text("-- cars")
    return tmp_path / "wheel"


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(pbf(box_field(6.1, 6.2, 46.3, 46.2)))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "var/osrm-data"


def roads(*words: object) -> dict[str, object]:
    out = io.StringIO()
    call_command(
        "roads", *(str(word) for word in words), "--json", stdout=out, stderr=io.StringIO()
    )
    return dict(json.loads(out.getvalue()))


def refusal(*words: object) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        roads(*words)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return caught.value.returncode, sentence


def test_build_prepares_and_describes(tmp_path: Path, extract: Path, data: Path) -> None:
    said = roads("build", extract, "--data", data, "--programs", program_folder(tmp_path))
    assert said["attribution"] == ATTRIBUTION == "© OpenStreetMap contributors"
    assert said["box"] == "6.10000,46.20000,6.20000,46.30000"
    prepared = read_prepared(data)
    assert prepared.data_version == said["data_version"]
    assert prepared.data_version in (data / "roads.osrm.args").read_text()
    assert not list(data.parent.glob("*.new"))
    assert not (data / "roads.osm.pbf").is_symlink()


def test_the_version_follows_map_profile_and_program(
    tmp_path: Path, extract: Path, data: Path
) -> None:
    wheel = program_folder(tmp_path)
    versions = [roads("build", extract, "--data", data, "--programs", wheel)["data_version"]]
    (wheel / "osrm/share/profiles/car.lua").write_text("-- slower cars")
    versions.append(roads("build", extract, "--data", data, "--programs", wheel)["data_version"])
    extract.write_bytes(extract.read_bytes() + b"more")
    versions.append(roads("build", extract, "--data", data, "--programs", wheel)["data_version"])
    assert len(set(versions)) == 3


def test_a_failed_build_leaves_the_roads_in_use(tmp_path: Path, extract: Path, data: Path) -> None:
    wheel = program_folder(tmp_path)
    before = roads("build", extract, "--data", data, "--programs", wheel)
    program = wheel / "osrm/bin/osrm-contract"
    program.write_text("#!/bin/sh\necho '[error] No space left on device'; exit 1\n")
    assert refusal("build", extract, "--data", data, "--programs", wheel) == (
        1,
        "osrm-contract failed: No space left on device",
    )
    assert read_prepared(data).built_at == before["built_at"]
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    code, sentence = refusal("build", extract, "--data", data, "--programs", wheel)
    assert (code, "the memory or the disk may be full" in sentence) == (1, True)
    assert not list(data.parent.glob("*.new"))


def test_an_interrupted_build_ends_its_program(tmp_path: Path, extract: Path, data: Path) -> None:
    begun = tmp_path / "begun"
    wheel = program_folder(tmp_path, extract=f"#!/bin/sh\necho $$ > {begun}\nexec sleep 60\n")
    command = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "roads", "build", str(extract)),
            *("--data", str(data), "--programs", str(wheel)),
        ],
        cwd=settings.BASE_DIR,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not (begun.exists() and begun.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    command.send_signal(signal.SIGINT)
    _out, said = command.communicate(timeout=10)
    assert command.returncode == 130
    assert "Interrupted; the roads in use are untouched." in said
    assert not Path(f"/proc/{begun.read_text().strip()}").exists()
    assert not list(data.parent.glob("*.new"))


def test_a_second_build_at_once_is_told_so(tmp_path: Path, extract: Path, data: Path) -> None:
    data.parent.mkdir(parents=True)
    with data.with_name("osrm-data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _sentence = refusal(
            "build", extract, "--data", data, "--programs", program_folder(tmp_path)
        )
    assert code == 75


def test_the_box_is_checked_before_anything_is_built(
    tmp_path: Path, extract: Path, data: Path
) -> None:
    wheel = program_folder(tmp_path)
    words = ("build", extract, "--data", data, "--programs", wheel, "--box", "6.0,46.2,6.2,46.3")
    code, sentence = refusal(*words)
    assert code == 3
    assert "covers 50% of" in sentence
    assert not data.exists()
    assert roads(*words, "--accept-partial")["box"]


def test_a_dry_run_builds_nothing(tmp_path: Path, extract: Path, data: Path) -> None:
    said = roads("build", extract, "--data", data, "--programs", tmp_path, "--dry-run")
    assert said["box"] == "6.10000,46.20000,6.20000,46.30000"
    assert not data.parent.exists()


def test_what_is_missing_is_named_in_one_sentence(
    tmp_path: Path, extract: Path, data: Path
) -> None:
    wheel = program_folder(tmp_path)
    here = ("--data", data, "--programs", wheel)
    assert refusal("build", tmp_path / "no.osm.pbf", *here) == (
        1,
        f"There is no file {tmp_path / 'no.osm.pbf'}.",
    )
    assert "is no OpenStreetMap extract" in refusal("build", Path(__file__), *here)[1]
    assert "Is a directory" in refusal("build", tmp_path, *here)[1]
    assert "run: manage.py roads build" in refusal("serve", *here)[1]
    (wheel / "osrm/bin/osrm-contract").chmod(0o644)
    if not _is_installed():
        assert "pip install --target" in refusal("build", extract, *here)[1]


def _is_installed() -> bool:
    try:
        find_programs(Path("/nonexistent"))
    except NoProgramsError:
        return False
    return True


@pytest.mark.parametrize(
    "words",
    [("build",), ("fly",), ("build", "x", "--box", "1,2"), ("serve", "--port", "x")],
    ids=["no file", "no such verb", "no box", "no port"],
)
def test_a_wrong_word_is_a_usage_error(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "roads", *words],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_serve_says_why_the_server_does_not_start(
    tmp_path: Path, extract: Path, data: Path
) -> None:
    here = ("--data", data, "--programs", program_folder(tmp_path))
    roads("build", extract, *here)
    assert refusal("serve", "--port", 0, *here) == (
        1,
        "osrm-routed stopped at once: the files do not fit",
    )
    assert refusal("serve", "--port", 70_000, *here)[1].startswith("70000 is no port")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal("serve", "--port", port, *here)[1].startswith(f"Port {port} is in use")


def test_a_server_that_never_answers_is_stopped(tmp_path: Path, extract: Path, data: Path) -> None:
    wheel = program_folder(
        tmp_path, routed="#!/bin/sh\ntest $1 = --version && exit 0\necho waiting\nexec sleep 60\n"
    )
    roads("build", extract, "--data", data, "--programs", wheel)
    with pytest.raises(RoadServerError, match=r"did not answer within 0 s: waiting"):
        osrm_child(data=data, programs=find_programs(wheel), log=tmp_path / "log", ready_s=0.3)
    assert not _children_running("sleep 60")


def _children_running(words: str) -> bool:
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    )
    return words in listed.stdout


def test_damaged_data_is_no_data(tmp_path: Path, extract: Path, data: Path) -> None:
    roads("build", extract, "--data", data, "--programs", program_folder(tmp_path))
    (data / "roads.osrm.hsgr").unlink()
    with pytest.raises(NotPreparedError, match="incomplete"):
        read_prepared(data)
    (data / "roads.json").write_text("{")
    with pytest.raises(NotPreparedError, match="cannot be read"):
        read_prepared(data)


def test_status_tells_what_is_there(
    tmp_path: Path, extract: Path, data: Path, settings: pytest.FixtureRequest
) -> None:
    here = ("--data", data, "--programs", program_folder(tmp_path))
    said = roads("status", *here)
    assert "wheel v1" in said["programs"]  # type: ignore[operator]
    assert (said["prepared"], said["attribution"]) == (None, ATTRIBUTION)
    roads("build", extract, *here)
    with playing() as actor:
        settings.OSRM_URL = actor.url  # type: ignore[attr-defined]
        said = roads("status", *here)
        assert said["prepared"]
        assert said["answers"] is not None
    assert refusal("status", *here) == (1, "The road server that OSRM_URL names does not answer.")


def test_status_of_another_terminal_finds_the_server_that_serve_runs(
    tmp_path: Path, extract: Path, data: Path
) -> None:
    here = ("--data", data, "--programs", program_folder(tmp_path, routed=ANSWERING_PROGRAM))
    roads("build", extract, *here)
    words = ("manage.py", "roads", "serve", "--port", "0", "--json", *(str(word) for word in here))
    serve = subprocess.Popen(
        [sys.executable, *words], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    with serve:
        assert serve.stdout is not None
        url = json.loads(serve.stdout.readline())["url"]
        said = roads("status", *here)
        assert (said["OSRM_URL"], said["server"]) == (None, url)
        assert said["answers"] is not None
        serve.send_signal(signal.SIGINT)
    said = roads("status", *here)
    assert (said["server"], said["answers"]) == (None, None)


def test_a_container_is_called_on_loopback_with_the_data_mounted(tmp_path: Path) -> None:
    """No container daemon runs in tests: what is checked is the call, on paper."""
    programs = Programs(
        kind=Kind.CONTAINER, version="v", profile="/opt/car.lua", runtime="docker", image="osrm"
    )
    served = " ".join(programs.routed_argv(tmp_path, port=5050, max_table=10))
    assert "-p 127.0.0.1:5050:5000" in served
    assert f"-v {tmp_path}:/data" in served
    assert served.endswith(
        "osrm osrm-routed --ip 0.0.0.0 --port 5000 --verbosity WARNING --max-table-size 10 /data/roads.osrm"
    )
    prepared = " ".join(programs.extract_argv(tmp_path, Path("/x/town.osm.pbf"), "v1"))
    assert "-v /x/town.osm.pbf:/data/roads.osm.pbf:ro" in prepared


# The real programs ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Programs, Path]:
    if not GENEVA.is_file():
        pytest.skip(f"{GENEVA} is not here")
    try:
        programs = find_programs(WHEEL)
    except NoProgramsError as error:
        pytest.skip(str(error))
    data = tmp_path_factory.mktemp("real") / "osrm-data"
    roads("build", GENEVA, "--data", data, "--programs", WHEEL)
    return programs, data


@pytest.mark.slow
def test_real_roads_of_geneva(real: tuple[Programs, Path], tmp_path: Path) -> None:
    programs, data = real
    forget_breakers()
    cache.clear()
    station, hospital = Point(lat=46.2102, lon=6.1424), Point(lat=46.1946, lon=6.1488)
    outside = Point(lat=46.38, lon=6.24)  # Nyon
    with osrm_child(data=data, programs=programs, log=tmp_path / "log") as child:
        answer = travel_times((station, hospital, outside), osrm_url=child.url)
        was_alive = child.is_alive
    assert (was_alive, child.is_alive) == (True, False)
    assert answer.far_points == (2,)
    assert answer.source == "osrm+estimate"
    assert 1_500 < answer.times.metres[0][1] < 6_000
    assert 120 < answer.times.seconds[0][1] < 1_200
    assert answer.times.metres[0][2] > 18_000
    assert "46.2" not in (tmp_path / "log").read_text(), "a home stands in no log"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_command(real: tuple[Programs, Path], how: signal.Signals) -> None:
    _programs, data = real
    command = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "roads", "serve", "--port", "0", "--json"),
            *("--data", str(data), "--programs", str(WHEEL)),
        ],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with command:
        assert command.stdout is not None
        url = json.loads(command.stdout.readline())["url"]
        command.send_signal(how)
    assert command.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 0)
    assert _is_silent_soon(url)


def _is_silent_soon(url: str) -> bool:
    port = int(url.rpartition(":")[2])
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.05)
    return False
