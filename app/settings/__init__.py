"""What the person wants: typed, versioned settings and presets."""
