"""The picture of a cell: values as wires, operations as signs on them, laid out from its equations.

`graph` finds the values and what each is made from, `placement` gives them rows and columns,
`wires` draws lines that meet and cross, and `drawing` puts it together with the numbers.
"""
