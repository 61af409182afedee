"""Files as users have them. Reading lines is tested with the sources of the applications."""

import bz2
import gzip
import lzma

import pytest

from embeddings.errors import InputError
from embeddings.files import DAMAGE, damaged, open_binary, replacing


@pytest.mark.parametrize(
    "pack", [(".txt", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_opening(tmp_path, pack):
    path = tmp_path / f"a{pack[0]}"
    path.write_bytes(pack[1](b"naive\n" * 100))
    with open_binary(path) as file:
        assert file.read() == b"naive\n" * 100


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"):
        open_binary(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder where a file is expected"):
        open_binary(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        open_binary(tmp_path / ("a" * 5000))


def test_damage(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a" * 1000)[:-9])
    with open_binary(path) as file, pytest.raises(DAMAGE) as caught:
        file.read()
    assert str(damaged(caught.value, path)).startswith(f"{path}: the file is damaged or cut short (")


def test_a_file_is_replaced_at_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_what_fails_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("old")

    def write():
        with replacing(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to(tmp_path):
    path = tmp_path / "null"
    path.symlink_to("/dev/null")
    with replacing(path) as partial:
        partial.write_text("gone")
    assert path.is_symlink()
