"""The command line: `python -m apps.trigger_word train|evaluate|predict|export|listen`."""

import sys

from apps.core.cli import main

from .task import TriggerTask

if __name__ == "__main__":
    sys.exit(main(TriggerTask))
