"""What all tests share."""

from hypothesis import settings

# How long an example takes says more about the machine than about us.
settings.register_profile("paperround", deadline=None, print_blob=True)
settings.load_profile("paperround")
