"""What does the person want? Typed, versioned settings and presets."""
