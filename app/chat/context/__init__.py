"""What of a conversation goes to the model, and how much room it takes."""
