"""Run it: one thread owns every llama.cpp handle; commands go in, events come out."""
