"""The context of the open chat: how full it is, and what is done when a question does not fit."""
