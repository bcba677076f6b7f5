"""One widget per kind of entry, each laid out by hand at a given width."""
