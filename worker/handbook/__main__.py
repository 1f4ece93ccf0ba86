"""`python -m worker.handbook`: write the pages of docs/ anew (`make docs`)."""

from worker.handbook.citations import ROOT
from worker.handbook.pages import write

if __name__ == "__main__":
    for path in write():
        print(f"Written: {path.relative_to(ROOT)}")
