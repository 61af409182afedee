"""The command line: its list of commands, its exit codes, and that no command is loaded but the one to run."""

import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest

from embeddings import InputError, InputWarning
from embeddings.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]


def command(monkeypatch, function):
    """Puts a function in the place of `info`."""
    module = types.ModuleType("embeddings.commands.info")
    module.info = function
    monkeypatch.setitem(sys.modules, "embeddings.commands.info", module)
    return main(["info"])


def raising(error):
    def function() -> None:
        raise error

    return function


def test_the_list_of_commands(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom embeddings.cli import main\ntry:\n    main(['--help'])\nfinally:\n"
        "    found = {'numba', 'gensim', 'scipy', 'sklearn', 'matplotlib', 'keras'} & set(sys.modules)\n"
        "    print('loaded:', sorted(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "loaded: []" in done.stdout


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["info"], ["info", "a", "--nonsense"]])
def test_bad_options(argv):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("is\nbad; mend it", "a.txt:3"), 2, "error: a.txt:3: is bad; mend it"),
        (PermissionError(13, "Permission denied", "a.txt"), 2, "error: a.txt: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt("kept; go on with --resume"), 130, "kept; go on with --resume"),
    ],
)
def test_errors(monkeypatch, capfd, error, code, line):
    monkeypatch.setattr("os.dup2", lambda *descriptors: None)
    assert command(monkeypatch, raising(error)) == code
    assert capfd.readouterr() == ("", line + "\n")


def test_warnings_for_users_are_lines(monkeypatch, capfd):
    def function() -> None:
        warnings.warn("a.txt: 3 words\nleft out", InputWarning, stacklevel=1)

    before = warnings.showwarning
    assert command(monkeypatch, function) == 0
    assert capfd.readouterr() == ("", "note: a.txt: 3 words left out\n")
    assert warnings.showwarning is before


def run(shell):
    return subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_reader_that_stops_is_no_error(tmp_path):
    (tmp_path / "a.txt").write_text("a 1 2\n")
    done = run(f"{sys.executable} -m embeddings info {tmp_path / 'a.txt'} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n"
    assert done.stderr == ""
