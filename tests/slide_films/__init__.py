"""Drawn decks and the films of talks that show them, with the truth of which page is on the screen when."""
