"""`python -m tuiprop` is `tuiprop`."""

from tuiprop.cli import main

if __name__ == "__main__":
    main()
