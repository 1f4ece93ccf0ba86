"""`make fuzz`: a million changed inputs for whatever reads what others have written, and for every signature.

Each input began as a valid one and was changed (`mutating`): a field left out, a type swapped, a day at the edge of the
calendar, half a character, a list in a list in a list; bytes flipped, cut and spliced. What is expected of a reader is
what its docstring says: a value, or the refusal that it names. Of a signature it is more: what is accepted has to mean
what was signed.

It is not built on `atheris`, which guides itself by coverage. That can be installed here, and would be a dependency of
the whole team: its wheels are of one version for Python 3.11 and another for 3.12 and 3.13, for Linux on x86-64; for
Linux on ARM and for Windows there are none, and on a Mac with a newer Python it wants a compiler. What it guides is a
string of bytes, and most inputs here are JSON objects, of which few changed bytes are still one; behind them stand a
library in Rust and one in C that it does not see. So the guide here is a modest one that costs nothing: an input that
is refused in words that were not heard before is kept, and changed further.
"""
