"""`python -m apps.trigger_word listen`: trigger words from the microphone."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.text import Text

from apps.core.errors import InputError

from .config import RATE

BLOCK = RATE // 12
"""Samples that the sound card gives at a time."""
WAIT = 5.0
"""Seconds without a sample after which the device is given up."""
QUIETEST = -60.0
"""Level, in dB of full scale, at which the meter is empty."""
BAR = 24
Block = tuple[np.ndarray, str]
"""Samples, int16, and what PortAudio says of them: that some before them were lost, as a rule nothing."""


def listen(*, run: Path = Path("runs/trigger_word"), device: str | None = None, seconds: float | None = None) -> None:
    """Listen to the microphone and print each trigger word as it is heard; Ctrl-C ends it.

    Args:
        run: A run folder, or a folder of ONNX or LiteRT files that `export` wrote.
        device: The name or the number of the input device; the system's own when not given.
        seconds: Stop after so long.
    """
    from .detector import TriggerDetector

    sounddevice = import_sounddevice()
    console = Console()
    detector = TriggerDetector(run)
    blocks: queue.Queue[Block] = queue.Queue()
    words = " or ".join(f"“{word}”" for word in detector.keywords)
    told = False
    with (
        suppress(KeyboardInterrupt),
        open_microphone(sounddevice, device, blocks),
        Live(console=console, transient=True, auto_refresh=False) as live,
    ):
        console.print(f"listening for {words}; Ctrl-C ends it", highlight=False)
        begun = time.monotonic()
        while seconds is None or time.monotonic() - begun < seconds:
            samples, status = next_block(blocks)
            if status and not told:
                console.print(f"note: samples were lost ({status}); is this machine too busy?", highlight=False)
                told = True
            for event in detector.feed(samples):
                console.print(f"{event.time:8.2f}  {event.keyword}  {event.score:.3f}", highlight=False, style="bold")
            live.update(meter(samples, detector.scores), refresh=True)


def import_sounddevice() -> Any:
    """The package that reads microphones.

    Raises:
        InputError: When it, or the library that it uses, is not installed.
    """
    try:
        import sounddevice
    except ImportError:
        raise InputError("needs the package sounddevice; install it with `pip install sounddevice`", "listen") from None
    except OSError as error:
        raise InputError(
            f"the library PortAudio is missing ({error}); install it, on Debian with `apt install libportaudio2`",
            "listen",
        ) from None
    return sounddevice


@contextmanager
def open_microphone(sounddevice: Any, device: str | None, blocks: queue.Queue[Block]) -> Iterator[None]:
    """Has an input of one channel put its samples into a queue for a while.

    Raises:
        InputError: When there is no such device, or it cannot be used.
    """
    chosen = int(device) if device is not None and device.isdecimal() else device

    def put(samples: np.ndarray, _frames: int, _time: Any, status: Any) -> None:
        blocks.put((samples[:, 0].copy(), str(status) if status else ""))

    with ExitStack() as opened:
        try:
            opened.enter_context(
                sounddevice.InputStream(
                    samplerate=RATE, channels=1, dtype="int16", blocksize=BLOCK, device=chosen, callback=put
                )
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            reason = (str(error).strip() or "no reason given").splitlines()[0]
            raise InputError(
                f"no microphone can be opened ({reason}); connect one, or name another with --device "
                "(`python -m sounddevice` lists them)",
                "listen",
            ) from None
        yield


def next_block(blocks: queue.Queue[Block]) -> Block:
    """The next samples.

    Raises:
        InputError: When none come any more.
    """
    try:
        return blocks.get(timeout=WAIT)
    except queue.Empty:
        raise InputError(f"the microphone has given nothing for {WAIT:.0f} s; is it unplugged?", "listen") from None


def meter(samples: np.ndarray, scores: dict[str, float]) -> Text:
    """The level and each word's score, as bars on one line."""
    level = 20 * np.log10(max(float(np.sqrt(np.mean(np.square(samples / 32768)))), 1e-6))
    text = Text(f"level {bar((level - QUIETEST) / -QUIETEST)} {level:4.0f} dB")
    for word, score in scores.items():
        text.append(f"   {word} {bar(score)} {score:.2f}")
    return text


def bar(share: float) -> str:
    """A bar that is filled by a share.

    Example:
        >>> bar(0.5)
        '████████████            '
    """
    filled = round(BAR * min(max(share, 0.0), 1.0))
    return "█" * filled + " " * (BAR - filled)
