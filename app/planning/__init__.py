"""Does it fit, how fast will it be, how good is it: the answers before anything is downloaded."""
