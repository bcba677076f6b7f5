"""What is in this file? Headers of GGUF files, from a path or over HTTP ranges."""
