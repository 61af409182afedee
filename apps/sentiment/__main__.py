"""The command line: `python -m apps.sentiment train|evaluate|predict|export|audit`."""

import sys

from apps.core.cli import main

from .task import SentimentTask

if __name__ == "__main__":
    sys.exit(main(SentimentTask))
