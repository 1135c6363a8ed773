"""What all tests share."""

from hypothesis import settings

# Of what runs already, such as hypothesis' own profile on CI: but no test fails since a machine is slow.
settings.register_profile("any-machine", settings(), deadline=None)
settings.load_profile("any-machine")
