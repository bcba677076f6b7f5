"""Prepares a machine to run the program from a checkout. Standard library only."""
