"""Tools in the window: who is asked, and what each chat may use."""
