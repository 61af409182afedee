"""Task applications, one package a task; each runs as `python -m apps.NAME train|evaluate|predict|export`."""

import os

# TensorFlow reads these once, when it is first imported: its start-up chatter would bury our own output,
# and the applications' data pipelines and artifacts are TensorFlow's.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
