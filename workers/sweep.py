"""Objects nobody owns: how they are found and removed is in server/orphans.py, which `semma doctor` uses too."""

from server.orphans import Orphan, find_orphans, owner_of, sweep_orphans

__all__ = ["Orphan", "find_orphans", "owner_of", "sweep_orphans"]
