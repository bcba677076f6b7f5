"""Python that the model wrote, in a process that can reach nothing."""
