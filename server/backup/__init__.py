"""`semma backup` and `semma restore`: database, secret key and a list of all objects in one tar file.

backup.json        what it is: format, revision of the database, when, how many rows and objects
secret_key         the secret keys, the signing one first
tables/NAME.jsonl  a row a line, values as JSON; the same from SQLite and PostgreSQL, so it restores into either
objects.jsonl      every object: key, size, ETag
objects/KEY        the objects themselves, when asked for
"""

from server.backup.read import read_backup
from server.backup.write import write_backup

__all__ = ["read_backup", "write_backup"]
