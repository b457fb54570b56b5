"""The audit: does each metric see the damage that it claims to see, mind nothing else, and can it be gamed?

plan -> making (videos and scores) -> evidence -> rule -> report and picture.
"""
