"""Programmes in other formats, read into one form and written from it. Pure: bytes and values, nothing else."""
