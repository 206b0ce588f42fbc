"""How often properties are tried."""

from hypothesis import settings

SCALE = 100
"""Examples of a property that names no number, in the profile `ci`; the numbers of others are in proportion."""

settings.register_profile("ci", max_examples=SCALE)
settings.register_profile("nightly", max_examples=20 * SCALE, print_blob=True)
settings.load_profile("ci")


def often(examples: int) -> int:
    """So many examples, and more of them in a longer profile (`pytest --hypothesis-profile=nightly`)."""
    return examples * settings.default.max_examples // SCALE
