"""Lessons on the main screen: what the panel shows, what is covered, and what the keys do there.

Nothing here is imported where there is no lesson.
"""
