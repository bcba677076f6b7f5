"""From one click to the first answer: download, verify, load, open a chat."""
