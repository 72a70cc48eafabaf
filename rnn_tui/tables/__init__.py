"""Tables: from a file that people have to columns of numbers, and every assumption as a sentence.

`table.py` has what is asked of a table and what has been read; `reading.py` reads. A library for
tables is imported only there, and only when a file is named.
"""
