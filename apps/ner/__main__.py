"""The command line: `python -m apps.ner train|evaluate|predict|export|check`."""

import sys

from apps.core.cli import main

from .task import NerTask

if __name__ == "__main__":
    sys.exit(main(NerTask))
