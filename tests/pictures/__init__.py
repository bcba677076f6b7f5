"""The pictures of the README, each drawn by a function of its own."""
