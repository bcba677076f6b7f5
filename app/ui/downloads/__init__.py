"""The downloads page: the queue, what it says, and what a person may do with it."""
