"""The sampling panel and what stands behind it."""
