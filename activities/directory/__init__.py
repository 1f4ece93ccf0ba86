"""Public directories: where a patient can go, read from many formats into one kind of listing, and matched (C3-C5).

`listing` is the one model. Each format has a file of its own that turns rows into listings and knows nothing of
files, networks or tables. `intake` reads a whole feed and decides whether it may take the place of the last good one;
`store` keeps both; `index` and `matching` rank. Nothing in here knows a patient but `find`, which looks up where one
lives behind the episode id.
"""
