"""For all tests."""

from hypothesis import settings

# On a busy machine, and where something is compiled first, an example may take any time.
settings.register_profile("any time", deadline=None)
settings.load_profile("any time")
