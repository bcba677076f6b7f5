"""What is on this disk already?"""
