"""`python -m zkmargin` is `zkmargin`."""

from zkmargin.cli import main

if __name__ == "__main__":
    main()
