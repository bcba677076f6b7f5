"""Files with a question: added, looked at, cut to size, shown in the conversation."""
