"""What the secret key does: sign short texts, and encrypt the few secrets that must be read back.

Keys rotate with overlap: the first key signs and encrypts, every listed key verifies and decrypts.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from server.core.errors import Invalid


class SecretUnreadable(Invalid):
    """Encrypted under a key that is no longer listed."""

    code = "secrets.unreadable"
    says = "This was encrypted under another secret key; put that key back into SEMMA_SECRET_KEY as a second one."


def _derive(key: str, purpose: str) -> bytes:
    """One key a purpose, so that a signature for one thing never fits another."""
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha256(key.encode()).digest(), digest_size=32).digest()


class Keyring:
    """The accepted secret keys, the signing one first."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Invalid("SEMMA_SECRET_KEY is not set; make one with `openssl rand -hex 32`.")
        self._keys = tuple(keys)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, "encrypt"))) for key in self._keys])

    def sign(self, purpose: str, text: str) -> str:
        """A 128-bit signature of the text for one purpose, 22 characters, safe in a path."""
        return self._sign(self._keys[0], purpose, text)

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        """Whether any accepted key made this signature; constant time per key."""
        return any(hmac.compare_digest(self._sign(key, purpose, text), signature) for key in self._keys)

    def encrypt(self, text: str) -> str:
        """Encrypt a secret that must be read back."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Read an encrypted secret; raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable from None

    @staticmethod
    def _sign(key: str, purpose: str, text: str) -> str:
        digest = hmac.new(_derive(key, f"sign:{purpose}"), text.encode(), hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
