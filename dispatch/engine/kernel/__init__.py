"""The compiled search: ruin and recreate over arrays (numba), for `engine.search` alone.

The same problem, times and prices as the rest of the engine, in arrays and without reasons. Words used in all files:
`day` is the problem (`Tables`), `plan` the routes as they stand (`Routes`), `work` room for one sequence being tried.
Functions marked `compiled` change the arrays they are given and allocate none.
"""
