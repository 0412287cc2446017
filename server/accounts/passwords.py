"""Passwords: argon2id in a thread, so that the event loop never waits for it.

Parameters are those OWASP names first (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.accounts.errors import CodeWeak, PasswordWeak

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
MIN_CHARS, MAX_CHARS = 10, 200
MIN_CODE_CHARS = 6
# What an unknown address is compared with, so that the answer takes as long as for a known one.
_NOBODYS = _HASHER.hash("nobody has this password")
# Each hashing holds 19 MiB; more at once would let a crowd at the sign-in form eat the memory.
_AT_ONCE = asyncio.Semaphore(8)


async def hash_password(password: str) -> str:
    """The argon2id hash to store; raises PasswordWeak."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise PasswordWeak
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def hash_code(code: str) -> str:
    """The argon2id hash of an access code, folded by the caller; raises CodeWeak."""
    if not MIN_CODE_CHARS <= len(code) <= MAX_CHARS:
        raise CodeWeak
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, code)


async def is_password(stored: str, password: str) -> bool:
    """Whether this password has that hash."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verify, stored, password[:MAX_CHARS])


async def waste_time(password: str) -> None:
    """Do the work of a comparison without anything to compare with."""
    await is_password(_NOBODYS, password)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
