"""Everything that can be done, found by its name: commands, keys and the palette."""
