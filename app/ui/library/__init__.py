"""What is on this computer: the list of installed models and what can be done with each."""
