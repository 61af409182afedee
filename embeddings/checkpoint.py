"""A training that was begun, in a folder beside its result: it can be gone on with, whenever it was stopped."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np

from .corpus import Corpus, Rules, fingerprint
from .corpus.corpus import DONE, IDS, VOCABULARY
from .errors import InputError
from .files import replacing
from .settings import Settings

ENDING = ".training"
SETTINGS, PAIRS, STATE = "settings.json", "pairs", "state.safetensors"


class Checkpoint:
    """What is kept until the result is written.

    In the folder `RESULT.training` lie `settings.json`, the encoded text (see `Corpus`), `pairs/` (GloVe's counts) and
    `state.safetensors` (what was learned, and the losses of the epochs so far). Each is complete when it is there.
    The text lies in the folder itself, so that reading a folder of texts leaves out all of a training in it.

    Args:
        output: The result's path.
    """

    def __init__(self, output: Path) -> None:
        self.path = output.with_name(output.name + ENDING)
        self.corpus, self.pairs = self.path, self.path / PAIRS
        self._settings, self._state = self.path / SETTINGS, self.path / STATE

    @property
    def is_begun(self) -> bool:
        """Whether a training was begun and not ended."""
        return self._settings.exists()

    @property
    def is_worth_keeping(self) -> bool:
        """Whether more was done than to begin: the corpus was encoded."""
        return (self.corpus / DONE).exists()

    def begin(self, settings: Settings, rules: Rules) -> None:
        """Makes the folder, anew when there is one.

        Raises:
            InputError: When there is a folder of this name that no training made.
        """
        self.remove()
        self.pairs.mkdir(parents=True)
        with replacing(self._settings) as partial:
            text = {"settings": dataclasses.asdict(settings), "rules": dataclasses.asdict(rules)}
            partial.write_text(json.dumps(text, indent=1), "utf-8")

    def check(self, settings: Settings, rules: Rules) -> None:
        """Refuses to go on with other settings, or with other data, than those that were begun with.

        Raises:
            InputError: When there is nothing to go on with, or it does not fit.
        """
        if not self.is_begun:
            raise InputError("there is no training to go on with; leave out --resume", self.path)
        begun_settings, begun_rules = self.begun()
        differences = settings.differences(begun_settings)
        differences += [
            name for name, value in dataclasses.asdict(rules).items() if value != getattr(begun_rules, name)
        ]
        if differences:
            names = ", ".join("--" + name.replace("_", "-") for name in differences)
            raise InputError(f"was begun with another {names}; give the same, or --overwrite to begin anew", self.path)

    def begun(self) -> tuple[Settings, Rules]:
        """The settings that the training was begun with."""
        try:
            kept = json.loads(self._settings.read_text("utf-8"))
            return Settings(**kept["settings"]), Rules(**kept["rules"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"is damaged ({error}); begin anew with --overwrite", self._settings) from None

    def read_corpus(self, settings: Settings, rules: Rules) -> Corpus | None:
        """The encoded corpus, None when it was not encoded to its end.

        Raises:
            InputError: When the texts are not what they were.
        """
        if not self.is_worth_keeping:
            return None
        corpus = Corpus.open(self.corpus)
        if fingerprint(settings.data, rules, self.corpus) != corpus.fingerprint:
            raise InputError(
                "the texts changed since the training was begun; begin anew with --overwrite", settings.data
            )
        return corpus

    def write_state(self, arrays: dict[str, np.ndarray], losses: list[float | None]) -> None:
        """Keeps what was learned, in one step.

        Raises:
            OSError: When it cannot be written; what was kept before is there still.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        with replacing(self._state) as partial:
            try:
                save_file(arrays, partial, {"losses": json.dumps(losses)})
            except SafetensorError as error:
                found = re.search(r"os error (\d+)", str(error))
                number = int(found[1]) if found else errno.EIO
                raise OSError(number, os.strerror(number)) from None

    def read_state(self, arrays: dict[str, np.ndarray]) -> list[float | None]:
        """Reads what was learned into the arrays.

        Returns:
            The losses of the epochs that were ended; none when no state was kept.

        Raises:
            InputError: When the file is damaged.
        """
        from safetensors import SafetensorError, safe_open

        if not self._state.exists():
            return []
        try:
            with safe_open(self._state, "numpy") as file:
                for name, array in arrays.items():
                    array[:] = file.get_tensor(name)
                return list(json.loads(file.metadata()["losses"]))
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"is damaged ({error}); begin anew with --overwrite", self._state) from None

    def remove(self) -> None:
        """Removes the folder.

        Raises:
            InputError: When it is there and no training made it.
        """
        if self.path.exists() and not self.is_begun and not self._is_remainder:
            raise InputError("is in the way, and was not made by a training; remove or rename it", self.path)
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _is_remainder(self) -> bool:
        """Whether the folder holds nothing but what is left when making or removing it was interrupted."""
        parts = {SETTINGS, PAIRS, STATE, DONE, IDS, VOCABULARY}
        return self.path.is_dir() and {found.name.removesuffix(".partial") for found in self.path.iterdir()} <= parts
