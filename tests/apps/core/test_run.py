"""The run folder: whatever fails, what was there before is there still, and the error says what to do."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.core.config import TrainingConfig
from apps.core.errors import InputError
from apps.core.run import RunFolder, remove, replacing, write_errors, write_json, write_text

ROOT = Path(__file__).parents[3]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Writing in one step


def test_a_file_is_replaced_at_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as partial:
        assert partial.parent == tmp_path
        assert partial != path
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_folders_are_made_on_the_way(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "ü")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "ü".encode()


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "plots"
    path.mkdir()
    (path / "old.png").touch()
    with replacing(path) as partial:
        partial.mkdir()
        (partial / "new.png").touch()
        assert names(path) == ["old.png"]
    assert names(path) == ["new.png"]
    assert names(tmp_path) == ["plots"]


def test_what_a_killed_run_left_is_no_hindrance(tmp_path):
    (tmp_path / ".partial-a").mkdir()
    (tmp_path / ".partial-a" / "half").touch()
    write_text(tmp_path / "a", "whole")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError(errno.ENOSPC, "x"), InputError("no")])
def test_a_failure_leaves_the_old_and_nothing_else(tmp_path, folder, error):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(BaseException) as caught, replacing(path) as partial:  # noqa: PT011, PT012
        if folder:
            partial.mkdir()
            (partial / "half").touch()
        else:
            partial.write_text("half")
        raise error
    assert isinstance(caught.value, InputError if isinstance(error, OSError) else type(error))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EFBIG, "File too large"),
        OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')"),  # h5py
    ],
)
def test_a_full_disk(error):
    with pytest.raises(InputError) as caught, write_errors(Path("runs/a")):
        raise error
    assert (
        str(caught.value) == "runs/a: the disk is full; free some space and run again (training goes on with --resume)"
    )


def test_another_failure_to_write():
    with pytest.raises(InputError) as caught, write_errors(Path("runs/a")):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    assert str(caught.value) == "runs/a: cannot be written (Permission denied); choose another place"


def test_a_place_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written .*; choose another place"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_a_file_does_not_replace_a_folder(tmp_path):
    (tmp_path / "a" / "inside").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "a", "text")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["inside"]


def test_devices_are_written_to():
    write_text(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


REAL = """
import resource, sys
from pathlib import Path
from apps.core.errors import InputError
from apps.core.run import write_json
path = Path(sys.argv[1])
write_json(path, ["old"])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_json(path, ["new"] * 10_000)
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files there")
def test_a_write_that_really_fails(tmp_path):
    path = tmp_path / "metrics.json"
    done = subprocess.run([sys.executable, "-c", REAL, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{path}: the disk is full; free some space and run again (training goes on with --resume)\n"
    assert json.loads(path.read_text()) == ["old"]
    assert names(tmp_path) == ["metrics.json"]


def test_json(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"名": [1.5, None]})
    assert path.read_text("utf-8").endswith("}\n")
    assert "名" in path.read_text("utf-8")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"loss": float("nan")})
    with pytest.raises(TypeError):
        write_json(path, {"path": path})
    assert json.loads(path.read_text("utf-8")) == {"名": [1.5, None]}
    assert names(tmp_path) == ["a.json"]


def test_remove(tmp_path):
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for name in ("link", "file", "none"):
        remove(tmp_path / name)
    assert names(tmp_path) == ["folder"]
    assert names(tmp_path / "folder") == ["inside"]
    remove(tmp_path / "folder")
    assert names(tmp_path) == []


# The run


def test_what_is_a_run(tmp_path):
    run = RunFolder(tmp_path / "run")
    assert (run.exists, run.is_run, run.is_finished) == (False, False, False)
    run.path.mkdir()
    assert not run.exists
    run.write("config.json", {})
    assert (run.exists, run.is_run, run.is_finished) == (True, True, False)
    run.write("metrics.json", {})
    assert (run.exists, run.is_run, run.is_finished) == (True, True, True)
    assert run.require_finished() is run
    assert run.seed(3).path == run.path / "seeds" / "3"


def test_a_file_exists_and_is_no_run(tmp_path):
    (tmp_path / "file").touch()
    run = RunFolder(tmp_path / "file")
    assert run.exists
    assert not run.is_run


def test_require_finished_says_what_to_do(tmp_path):
    run = RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match=r"no such run; train one with `train --run \.\.\.`") as caught:
        run.require_finished()
    assert str(caught.value).startswith(f"{run.path}: ")
    run.path.mkdir()
    with pytest.raises(InputError, match="no such run"):
        run.require_finished()
    (run.path / "letter.txt").touch()
    with pytest.raises(InputError, match="not a run folder"):
        run.require_finished()
    run.write("config.json", {})
    with pytest.raises(InputError, match="not finished; continue it with `train --resume`"):
        run.require_finished()


@dataclass(frozen=True)
class Config(TrainingConfig):
    units: int = 3


def test_read_and_write(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write("state.json", {"tokens": ["a", "好"]})
    assert run.read("state.json") == {"tokens": ["a", "好"]}
    run.write("config.json", {"units": 7, "seed": 5})
    assert run.read_config(Config) == Config(units=7, seed=5)


@pytest.mark.parametrize("raw", [b"", b'{"a": 1', b"\xff\xfe", b"[" * 10])
def test_a_damaged_file(tmp_path, raw):
    (tmp_path / "state.json").write_bytes(raw)
    with pytest.raises(InputError, match=r"cannot be read .*; this run folder is damaged") as caught:
        RunFolder(tmp_path).read("state.json")
    assert str(tmp_path / "state.json") in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="is missing; this run folder is damaged"):
        RunFolder(tmp_path).read("state.json")


@pytest.mark.parametrize("values", [[], "units", None, {"unheard": 1}, {"units": 3, "seeds": 0}, {"epochs": "many"}])
def test_a_configuration_of_something_else(tmp_path, values):
    run = RunFolder(tmp_path)
    run.write("config.json", values)
    with pytest.raises(InputError, match="is not the configuration of such a task") as caught:
        run.read_config(Config)
    assert str(tmp_path / "config.json") in str(caught.value)
