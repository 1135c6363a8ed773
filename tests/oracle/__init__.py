"""A second, independent computation of what the product must say: plain Python, simple and slow.

Written from the data contract, the definitions of the metrics and their rulings alone. Nothing here imports
the product. Every function works on lists and dictionaries, so that each step can be checked by eye:

    tables.py    the reference tables, read from their CSV files
    cells.py     the contract's columns, and the typed value of a cell
    reading.py   bytes of a source file in, typed rows and rejects out
    records.py   versions, duplicates, voided rows: what is live at `known_at`
    yard.py      visits, orphan outs, links, stays, lead class, limits
    stock.py     stock and backlog a day and slice; the campaign
    reports.py   the rows as the reports print them, and a comparison that says where two tables differ
    strategies.py, pollute.py   small worlds and spoilt files to try the product on
"""
