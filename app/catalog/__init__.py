"""Which models and quantizations are there?"""
