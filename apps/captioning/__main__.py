"""The command line: `python -m apps.captioning train|evaluate|predict|export`."""

import sys

from apps.core.cli import main

from .task import CaptioningTask

if __name__ == "__main__":
    sys.exit(main(CaptioningTask))
