"""Property tests are never judged by their speed."""

from hypothesis import settings

settings.register_profile("frontdesk", deadline=None)
settings.load_profile("frontdesk")
