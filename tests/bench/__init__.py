"""The benchmark: searchkit beside what a user would pick instead, in one run, losses shown.

See README.md in this folder for how to run it and what each figure means.
"""
