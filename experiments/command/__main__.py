"""`python -m experiments.command` is `tlscape`."""

from experiments.command import main

if __name__ == "__main__":
    main()
