"""The demo seminar: an invented edition, its talks drawn, spoken and filmed by this code, uploaded like anybody's."""
