"""Password hashing for tests."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """The product's own method with one round instead of a million."""

    iterations = 1
